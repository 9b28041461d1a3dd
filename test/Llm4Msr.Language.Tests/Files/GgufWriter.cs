using System.Text;

namespace Llm4Msr.Language.Tests.Files;

/// <summary>Writes GGUF files, right ones and wrong ones: nothing is checked.</summary>
internal sealed class GgufWriter
{
    private readonly List<(string Key, byte[] Bytes)> _settings = [];
    private readonly List<(string Name, ulong[] Shape, uint Format, byte[] Data)> _tensors = [];

    public const int Alignment = 32;

    public uint Magic { get; set; } = 0x4655_4747;

    public uint Version { get; set; } = 3;

    /// <summary>What the head claims where it is not the truth.</summary>
    public ulong? ClaimedTensors { get; set; }

    public ulong? ClaimedSettings { get; set; }

    public Func<int, ulong, ulong> OffsetOfTensor { get; set; } = (_, offset) => offset;

    public GgufWriter Set(string key, object value) => Raw(key, w =>
    {
        w.Write(TypeOf(value));
        if (value is Array list)
        {
            w.Write(TypeOf(list.GetValue(0)!));
            w.Write((ulong)list.Length);
            foreach (var element in list)
                Write(w, element);
        }
        else
        {
            Write(w, value);
        }
    });

    /// <summary>A setting whose type and value are written by the caller.</summary>
    public GgufWriter Raw(string key, Action<BinaryWriter> typeAndValue)
    {
        _settings.Add((key, Bytes(w =>
        {
            WriteText(w, key);
            typeAndValue(w);
        })));
        return this;
    }

    public GgufWriter Without(string key)
    {
        _settings.RemoveAll(s => s.Key == key);
        return this;
    }

    public GgufWriter Add(string name, long[] shape, float[] numbers) =>
        Add(name, [.. shape.Reverse().Select(d => (ulong)d)], 0, Bytes(w => Array.ForEach(numbers, w.Write)));

    /// <param name="shape">As the file has it: the length of a row first.</param>
    public GgufWriter Add(string name, ulong[] shape, uint format, byte[] data)
    {
        _tensors.Add((name, shape, format, data));
        return this;
    }

    public byte[] ToBytes() => Bytes(w =>
    {
        w.Write(Magic);
        w.Write(Version);
        w.Write(ClaimedTensors ?? (ulong)_tensors.Count);
        w.Write(ClaimedSettings ?? (ulong)_settings.Count);
        _settings.ForEach(s => w.Write(s.Bytes));
        ulong offset = 0;
        for (var i = 0; i < _tensors.Count; i++)
        {
            var (name, shape, format, data) = _tensors[i];
            WriteText(w, name);
            w.Write((uint)shape.Length);
            Array.ForEach(shape, w.Write);
            w.Write(format);
            w.Write(OffsetOfTensor(i, offset));
            offset += (ulong)(data.Length + Alignment - 1) / Alignment * Alignment;
        }
        foreach (var (_, _, _, data) in _tensors)
        {
            Pad(w);
            w.Write(data);
        }
    });

    public static void WriteText(BinaryWriter w, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        w.Write((ulong)bytes.Length);
        w.Write(bytes);
    }

    private static void Pad(BinaryWriter w) => w.Write(new byte[(Alignment - w.BaseStream.Position % Alignment) % Alignment]);

    private static byte[] Bytes(Action<BinaryWriter> write)
    {
        using var stream = new MemoryStream();
        write(new BinaryWriter(stream));
        return stream.ToArray();
    }

    private static uint TypeOf(object value) => value switch
    {
        uint => 4,
        int => 5,
        float => 6,
        bool => 7,
        string => 8,
        Array => 9,
        _ => throw new ArgumentException($"No GGUF type for {value}."),
    };

    private static void Write(BinaryWriter w, object value)
    {
        switch (value)
        {
            case uint v: w.Write(v); break;
            case int v: w.Write(v); break;
            case float v: w.Write(v); break;
            case bool v: w.Write(v); break;
            case string v: WriteText(w, v); break;
        }
    }
}
