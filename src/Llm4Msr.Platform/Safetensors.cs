using System.Buffers.Binary;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using TorchSharp;

namespace Llm4Msr.Platform;

/// <summary>One tensor of a safetensors file: its type as the format spells it, its shape, and where its bytes lie.</summary>
/// <param name="Offset">From the start of the file.</param>
public sealed record SafetensorsEntry(string Name, string Type, long[] Shape, long Offset, long Length);

/// <summary>
/// Reads a safetensors file. The header is checked against the file before anything is allocated: known types, checked
/// products, no hole, no overlap, nothing outside the file.
/// </summary>
public sealed class SafetensorsFile : IDisposable
{
    private const long LargestHeader = 32 << 20;
    private const int MostTensors = 100_000;

    private readonly SafeFileHandle _file;
    private readonly Dictionary<string, SafetensorsEntry> _entries;

    private SafetensorsFile(string path, SafeFileHandle file, Dictionary<string, SafetensorsEntry> entries, Dictionary<string, string> metadata)
    {
        Path = path;
        _file = file;
        _entries = entries;
        Metadata = metadata;
    }

    public string Path { get; }

    public IReadOnlyDictionary<string, SafetensorsEntry> Entries => _entries;

    public IReadOnlyDictionary<string, string> Metadata { get; }

    public static SafetensorsFile Open(string path)
    {
        if (!File.Exists(path))
            throw new Llm4MsrException(FaultKind.BadInput, $"There is no file '{path}'.");
        var file = File.OpenHandle(path);
        try
        {
            var (entries, metadata) = ReadHeader(path, file);
            return new SafetensorsFile(path, file, entries, metadata);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public SafetensorsEntry Entry(string name) => _entries.TryGetValue(name, out var entry)
        ? entry
        : throw new Llm4MsrException(FaultKind.Damaged, $"'{Path}' holds no tensor '{name}'. It holds: {string.Join(", ", _entries.Keys.Take(20))}.");

    /// <summary>The bytes of a tensor as stored, row-major and little-endian.</summary>
    public void ReadBytes(SafetensorsEntry entry, Span<byte> into)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(into.Length, entry.Length);
        for (var done = 0; done < into.Length;)
        {
            var read = RandomAccess.Read(_file, into[done..], entry.Offset + done);
            if (read == 0)
                throw Damaged(Path, $"the bytes of '{entry.Name}' end early: the file was cut while it was read");
            done += read;
        }
    }

    /// <summary>A tensor in the type it is stored in, on the CPU; owned by the caller.</summary>
    public torch.Tensor Read(string name)
    {
        var entry = Entry(name);
        const int Piece = 1 << 24; // elements of a tensor, whose bytes may be more than a span can have
        var tensor = torch.empty(entry.Shape, SafetensorsTypes.ToTorch(entry.Type));
        var size = SafetensorsTypes.SizeOf(entry.Type)!.Value;
        using var flat = tensor.view(-1);
        for (long done = 0, count = entry.Length / size; done < count; done += Piece)
        {
            var now = Math.Min(Piece, count - done);
            using var piece = flat.narrow(0, done, now);
            ReadBytes(entry with { Offset = entry.Offset + done * size, Length = now * size }, piece.bytes);
        }
        return tensor;
    }

    public void Dispose() => _file.Dispose();

    private static (Dictionary<string, SafetensorsEntry>, Dictionary<string, string>) ReadHeader(string path, SafeFileHandle file)
    {
        var length = RandomAccess.GetLength(file);
        Span<byte> prefix = stackalloc byte[8];
        if (length < prefix.Length || RandomAccess.Read(file, prefix, 0) != prefix.Length)
            throw Damaged(path, $"it has {length} bytes, too few for a header");
        var headerLength = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (headerLength > LargestHeader || (long)headerLength > length - prefix.Length)
            throw Damaged(path, $"its header claims {headerLength} bytes, the file has {length}");
        var header = new byte[headerLength];
        if (RandomAccess.Read(file, header, prefix.Length) != header.Length)
            throw Damaged(path, "its header ends early");

        var data = prefix.Length + (long)headerLength;
        try
        {
            using var document = JsonDocument.Parse(header, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 8 });
            var entries = new Dictionary<string, SafetensorsEntry>(StringComparer.Ordinal);
            var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (property.Name == "__metadata__")
                {
                    foreach (var pair in property.Value.EnumerateObject())
                        metadata.Add(pair.Name, pair.Value.GetString() ?? "");
                }
                else
                {
                    entries.Add(property.Name, ReadEntry(path, property, data, length));
                }
                if (entries.Count > MostTensors)
                    throw Damaged(path, $"it has more than {MostTensors} tensors");
            }
            CheckLayout(path, entries.Values, data, length);
            return (entries, metadata);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or OverflowException)
        {
            throw Damaged(path, $"its header cannot be read ({e.Message})", e);
        }
    }

    private static SafetensorsEntry ReadEntry(string path, JsonProperty property, long data, long fileLength)
    {
        var type = property.Value.GetProperty("dtype").GetString() ?? "";
        var size = SafetensorsTypes.SizeOf(type)
            ?? throw Damaged(path, $"tensor '{property.Name}' has the unknown type '{type}'");
        long[] shape = [.. property.Value.GetProperty("shape").EnumerateArray().Select(d => d.GetInt64())];
        var offsets = property.Value.GetProperty("data_offsets");
        var (begin, end) = (offsets[0].GetInt64(), offsets[1].GetInt64());
        if (offsets.GetArrayLength() != 2 || shape.Any(d => d < 0))
            throw Damaged(path, $"tensor '{property.Name}' has a malformed shape or offset");
        var expected = shape.Aggregate((long)size, (product, d) => checked(product * d));
        if (begin < 0 || end < begin || end > fileLength - data || end - begin != expected)
        {
            throw Damaged(path, $"tensor '{property.Name}' of {expected} bytes claims the bytes {begin} to {end} "
                + $"of {fileLength - data}");
        }
        return new SafetensorsEntry(property.Name, type, shape, data + begin, end - begin);
    }

    private static void CheckLayout(string path, IEnumerable<SafetensorsEntry> entries, long data, long fileLength)
    {
        var next = data;
        foreach (var entry in entries.OrderBy(e => e.Offset).ThenBy(e => e.Length))
        {
            if (entry.Offset != next)
                throw Damaged(path, $"tensor '{entry.Name}' starts at byte {entry.Offset}, expected {next}: a hole or an overlap");
            next += entry.Length;
        }
        if (next != fileLength)
            throw Damaged(path, $"its tensors end at byte {next}, the file at {fileLength}");
    }

    private static Llm4MsrException Damaged(string path, string what, Exception? inner = null) => new(
        FaultKind.Damaged, $"The safetensors file '{path}' is damaged: {what.Shortened()}. Get or make the file again.", inner);
}

/// <summary>A tensor of a safetensors file that is to be written: its type as the format spells it, and its shape.</summary>
public sealed record SafetensorsShape(string Name, string Type, long[] Shape);

/// <summary>Writes safetensors files.</summary>
public static class Safetensors
{
    /// <summary>
    /// Writes the tensors in the order given, in the type they have. Equal tensors, names and metadata give equal bytes.
    /// </summary>
    public static void Write(Stream stream, IEnumerable<(string Name, torch.Tensor Tensor)> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        using var scope = torch.NewDisposeScope();
        var plain = tensors.Select(t => (t.Name, Tensor: t.Tensor.detach().cpu().contiguous())).ToList();
        stream.Write(Header([.. plain.Select(t => new SafetensorsShape(t.Name, SafetensorsTypes.FromTorch(t.Tensor.dtype), t.Tensor.shape))], metadata));
        foreach (var (_, tensor) in plain)
        {
            if (tensor.numel() > 0)
                stream.Write(tensor.bytes);
        }
    }

    /// <summary>What stands before the tensors' bytes, which follow each other in this order without a gap; for tensors that are not in memory.</summary>
    public static byte[] Header(IReadOnlyList<SafetensorsShape> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject("__metadata__");
                foreach (var (key, value) in metadata.OrderBy(p => p.Key, StringComparer.Ordinal))
                    json.WriteString(key, value);
                json.WriteEndObject();
            }
            long offset = 0;
            foreach (var (name, type, shape) in tensors)
            {
                var length = shape.Aggregate((long)SafetensorsTypes.SizeOf(type)!.Value, (product, d) => checked(product * d));
                json.WriteStartObject(name);
                json.WriteString("dtype", type);
                json.WriteStartArray("shape");
                foreach (var dimension in shape)
                    json.WriteNumberValue(dimension);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += length);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        var padding = (8 - buffer.Length % 8) % 8; // so that the tensors start aligned
        var header = new byte[8 + buffer.Length + padding];
        BinaryPrimitives.WriteInt64LittleEndian(header, buffer.Length + padding);
        buffer.GetBuffer().AsSpan(0, (int)buffer.Length).CopyTo(header.AsSpan(8));
        header.AsSpan(8 + (int)buffer.Length).Fill((byte)' ');
        return header;
    }
}

/// <summary>The element types that this project reads and writes, as safetensors spells them.</summary>
public static class SafetensorsTypes
{
    public static int? SizeOf(string type) => type switch
    {
        "F64" or "I64" => 8,
        "F32" or "I32" => 4,
        "F16" or "BF16" or "I16" => 2,
        "U8" or "I8" or "BOOL" => 1,
        _ => null,
    };

    public static torch.ScalarType ToTorch(string type) => type switch
    {
        "F64" => torch.ScalarType.Float64,
        "F32" => torch.ScalarType.Float32,
        "F16" => torch.ScalarType.Float16,
        "BF16" => torch.ScalarType.BFloat16,
        "I64" => torch.ScalarType.Int64,
        "I32" => torch.ScalarType.Int32,
        "I16" => torch.ScalarType.Int16,
        "I8" => torch.ScalarType.Int8,
        "U8" => torch.ScalarType.Byte,
        "BOOL" => torch.ScalarType.Bool,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Unknown safetensors type."),
    };

    public static string FromTorch(torch.ScalarType type) => type switch
    {
        torch.ScalarType.Float64 => "F64",
        torch.ScalarType.Float32 => "F32",
        torch.ScalarType.Float16 => "F16",
        torch.ScalarType.BFloat16 => "BF16",
        torch.ScalarType.Int64 => "I64",
        torch.ScalarType.Int32 => "I32",
        torch.ScalarType.Int16 => "I16",
        torch.ScalarType.Int8 => "I8",
        torch.ScalarType.Byte => "U8",
        torch.ScalarType.Bool => "BOOL",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Has no safetensors spelling."),
    };
}
