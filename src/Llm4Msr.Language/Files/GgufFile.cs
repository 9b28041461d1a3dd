using System.Globalization;
using System.Numerics;
using Llm4Msr.Platform;
using Microsoft.Win32.SafeHandles;
using TorchSharp;

namespace Llm4Msr.Language.Files;

/// <summary>One tensor of a GGUF file.</summary>
/// <param name="Shape">Rows first, as torch has it (the file has the row length first).</param>
/// <param name="Offset">From the start of the file.</param>
/// <param name="Length">In bytes.</param>
internal sealed record GgufTensor(string Name, long[] Shape, BlockFormat Format, long Offset, long Length);

/// <summary>
/// Reads a GGUF file: settings by key, then tensors. All that the head says is checked against fixed limits and the size
/// of the file before it is believed.
/// </summary>
/// <remarks>
/// A bit that flips inside a tensor gives another number and nothing in the format can notice; that is what
/// <see cref="LanguageModelIdentity.WeightsHash"/> is for.
/// </remarks>
internal sealed class GgufFile : IDisposable
{
    private const int MostSettings = 100_000;
    private const int MostTensors = 100_000;
    private const int MostElements = 4 << 20;
    private const int LongestText = 1 << 20;
    private const int LongestToken = 64 << 10;
    private const int MostDimensions = 4;
    private const int TextType = 8;
    private const int ArrayType = 9;

    private readonly SafeFileHandle _file;
    private readonly Dictionary<string, object> _settings = new(StringComparer.Ordinal);
    private readonly Dictionary<string, GgufTensor> _tensors = new(StringComparer.Ordinal);

    private GgufFile(string path, SafeFileHandle file)
    {
        Path = path;
        _file = file;
        ReadHead(new BoundedReader(file, path));
    }

    public string Path { get; }

    public IReadOnlyDictionary<string, GgufTensor> Tensors => _tensors;

    /// <exception cref="Llm4MsrException">No such file; not a GGUF file of version 2 or 3; damaged.</exception>
    public static GgufFile Open(string path)
    {
        if (!File.Exists(path))
            throw new Llm4MsrException(FaultKind.BadInput, $"There is no file '{path}'.");
        var file = File.OpenHandle(path);
        try
        {
            return new GgufFile(path, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public bool Has(string key) => _settings.ContainsKey(key);

    public string Text(string key) => Setting<string>(key, "text");

    public bool Flag(string key) => Setting<bool>(key, "true or false");

    public string[] Texts(string key) => Setting<string[]>(key, "a list of texts");

    public int[] Integers(string key) => Setting<int[]>(key, "a list of whole numbers of 32 bits");

    public float[] Numbers(string key) => Setting<float[]>(key, "a list of numbers of 32 bits");

    public float Number(string key) => Setting<float>(key, "a number of 32 bits");

    /// <summary>A whole number from <paramref name="least"/> to <paramref name="most"/>, of whatever width the file has.</summary>
    public int Integer(string key, int least, int most)
    {
        var value = Setting<object>(key, "a whole number");
        return value switch
        {
            byte or sbyte or ushort or short or uint or int or ulong or long
                when Convert.ToDecimal(value, CultureInfo.InvariantCulture) is var number && number >= least && number <= most => (int)number,
            _ => throw Damaged($"'{key}' is {Show(value)}, expected a whole number from {least} to {most}"),
        };
    }

    /// <summary>A tensor as it is stored; belongs to the dispose scope that it is read in.</summary>
    public StoredTensor Read(string name)
    {
        const int Piece = 1 << 24; // elements of a tensor, whose bytes may be more than a span can have
        var tensor = _tensors[name];
        var format = tensor.Format;
        var stored = format.Plain is { } type
            ? torch.empty(tensor.Shape, type)
            : torch.empty([tensor.Length / RowBytes(tensor), RowBytes(tensor)], torch.ScalarType.Byte);
        using var flat = stored.view(-1);
        for (long done = 0, count = flat.numel(); done < count; done += Piece)
        {
            using var piece = flat.narrow(0, done, Math.Min(Piece, count - done));
            ReadExactly(piece.bytes, tensor.Offset + done * stored.ElementSize, name);
        }
        return new StoredTensor(stored, format, tensor.Shape);
    }

    public Llm4MsrException Damaged(string what) => new(
        FaultKind.Damaged, $"The GGUF file '{Path}' is damaged: {what.Shortened()}. Get the file again and compare its SHA-256.");

    public Llm4MsrException Unsupported(string what, string supported) => new(
        FaultKind.BadInput, $"'{Path}' holds {what.Shortened()}, which is not supported. Supported: {supported}.");

    public void Dispose() => _file.Dispose();

    private T Setting<T>(string key, string kind)
    {
        if (!_settings.TryGetValue(key, out var value))
            throw Damaged($"it has no '{key}'");
        return value is T typed ? typed : throw Damaged($"'{key}' is {Show(value)}, expected {kind}");
    }

    private static long RowBytes(GgufTensor tensor) => tensor.Shape[^1] / tensor.Format.Numbers * tensor.Format.Bytes;

    private static string Show(object value) => value switch
    {
        Array list => $"a list of {list.Length}",
        string { Length: > 80 } text => $"'{text[..80]}...'",
        _ => string.Create(CultureInfo.InvariantCulture, $"'{value}'"),
    };

    private void ReadHead(BoundedReader reader)
    {
        if (reader.Length < 4 || reader.ReadUInt32() != 0x4655_4747)
            throw new Llm4MsrException(FaultKind.BadInput, $"'{Path}' is not a GGUF file: it does not start with 'GGUF'.");
        var version = reader.ReadUInt32();
        if (version is not (2 or 3))
        {
            throw new Llm4MsrException(FaultKind.BadInput, $"'{Path}' is GGUF version {version}; versions 2 and 3 are read, little-endian. "
                + "Convert the model again with a current converter.");
        }
        var tensors = reader.ReadCount("tensors", MostTensors, bytesEach: 32);
        var settings = reader.ReadCount("settings", MostSettings, bytesEach: 13);
        for (var i = 0; i < settings; i++)
        {
            var key = reader.ReadText(LongestText, "a key");
            if (!_settings.TryAdd(key, ReadValue(reader, key)))
                throw reader.Damaged($"the key '{key}' is there twice");
        }
        ReadTensors(reader, tensors);
    }

    private static object ReadValue(BoundedReader reader, string key)
    {
        var type = reader.ReadUInt32();
        return type switch
        {
            TextType => reader.ReadText(LongestText, $"the text of '{key}'"),
            ArrayType => ReadArray(reader, key),
            _ => ((Array)ReadNumbers(reader, key, type, 1)).GetValue(0)!,
        };
    }

    private static object ReadArray(BoundedReader reader, string key)
    {
        var type = reader.ReadUInt32();
        if (type == ArrayType)
            throw reader.Damaged($"'{key}' is a list of lists");
        if (type != TextType)
            return ReadNumbers(reader, key, type, count: null);

        var texts = new string[reader.ReadCount($"texts in '{key}'", MostElements, bytesEach: 8)];
        for (var i = 0; i < texts.Length; i++)
            texts[i] = reader.ReadText(LongestToken, $"text {i} of '{key}'");
        return texts;
    }

    private static object ReadNumbers(BoundedReader reader, string key, uint type, int? count)
    {
        return type switch
        {
            0 => Of<byte>(1),
            1 => Of<sbyte>(1),
            2 => Of<ushort>(2),
            3 => Of<short>(2),
            4 => Of<uint>(4),
            5 => Of<int>(4),
            6 => Of<float>(4),
            7 => Array.ConvertAll(Of<byte>(1), b => b switch
            {
                0 => false,
                1 => true,
                _ => throw reader.Damaged($"'{key}' holds the byte {b} where true or false belongs"),
            }),
            10 => Of<ulong>(8),
            11 => Of<long>(8),
            12 => Of<double>(8),
            _ => throw reader.Damaged($"'{key}' has the unknown type {type}"),
        };

        T[] Of<T>(int size) where T : unmanaged =>
            reader.ReadNumbers<T>(count ?? reader.ReadCount($"numbers in '{key}'", MostElements, size));
    }

    private void ReadTensors(BoundedReader reader, int count)
    {
        var heads = new List<(string Name, long[] Shape, BlockFormat Format, ulong Offset)>(count);
        for (var i = 0; i < count; i++)
        {
            var name = reader.ReadText(LongestToken, "a tensor's name");
            var dimensions = reader.ReadUInt32();
            if (dimensions is < 1 or > MostDimensions)
                throw reader.Damaged($"tensor '{name}' has {dimensions} dimensions, expected 1 to {MostDimensions}");
            var shape = new long[dimensions];
            foreach (ref var size in shape.AsSpan())
            {
                size = (long)reader.ReadUInt64();
                if (size < 1)
                    throw reader.Damaged($"tensor '{name}' has a dimension of {(ulong)size}");
            }
            Array.Reverse(shape);
            var id = reader.ReadUInt32();
            var format = BlockFormat.ById(id) ?? throw new Llm4MsrException(
                FaultKind.BadInput, $"Tensor '{name.Shortened()}' of '{Path}' has the block type {id}, which is not known. Read are: {BlockFormat.Readable}.");
            heads.Add((name, shape, format, reader.ReadUInt64()));
        }

        var alignment = Has("general.alignment") ? Integer("general.alignment", 1, 1 << 20) : 32;
        if (!BitOperations.IsPow2(alignment))
            throw reader.Damaged($"'general.alignment' is {alignment}, expected a power of two");
        var data = (reader.Position + alignment - 1) / alignment * alignment;
        foreach (var (name, shape, format, offset) in heads)
        {
            var length = LengthOf(reader, name, shape, format);
            if (offset % (ulong)alignment != 0)
                throw reader.Damaged($"tensor '{name}' starts at {offset}, which is not a multiple of {alignment}");
            if (offset > long.MaxValue || (long)offset > reader.Length - data || length > reader.Length - data - (long)offset)
                throw reader.Damaged($"tensor '{name}' of {length} bytes at {data} + {offset} does not lie inside the {reader.Length} bytes of the file");
            if (!_tensors.TryAdd(name, new GgufTensor(name, shape, format, data + (long)offset, length)))
                throw reader.Damaged($"the tensor '{name}' is there twice");
        }
        CheckNoOverlap(reader);
    }

    private static long LengthOf(BoundedReader reader, string name, long[] shape, BlockFormat format)
    {
        try
        {
            if (shape[^1] % format.Numbers == 0)
                return checked(shape.Aggregate((product, size) => checked(product * size)) / format.Numbers * format.Bytes);
        }
        catch (OverflowException)
        {
        }
        throw reader.Damaged($"tensor '{name}' cannot have the shape [{string.Join(", ", shape)}] in blocks of {format.Name}");
    }

    private void CheckNoOverlap(BoundedReader reader)
    {
        GgufTensor? before = null;
        foreach (var tensor in _tensors.Values.OrderBy(t => t.Offset).ThenBy(t => t.Length))
        {
            if (before is not null && tensor.Offset < before.Offset + before.Length)
                throw reader.Damaged($"the tensors '{before.Name}' and '{tensor.Name}' overlap");
            before = tensor;
        }
    }

    private void ReadExactly(Span<byte> into, long offset, string name)
    {
        while (into.Length > 0)
        {
            var read = RandomAccess.Read(_file, into, offset);
            if (read == 0)
                throw Damaged($"the bytes of '{name}' end early: the file was cut while it was read");
            into = into[read..];
            offset += read;
        }
    }
}
