using Llm4Msr.Knowledge;
using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.Import.Exchange;

/// <summary>
/// A store as two files: vectors in safetensors, a tensor <c>user.STATE</c> or <c>scenario.STATE</c> [N, H] each, and beside
/// it the keys, texts and ranks of its rows as JSON lines.
/// </summary>
/// <remarks>Shapes: N records of a level, H its width. The vectors of all records are held in memory while they are written.</remarks>
internal static class SafetensorsExchange
{
    public static string KeysOf(string path) => Path.ChangeExtension(path, ".keys.jsonl");

    public static void Write(string path, ExchangeHead head, IEnumerable<KnowledgeRecord> records)
    {
        var keys = KeysOf(path);
        if (File.Exists(keys))
            throw new Llm4MsrException(FaultKind.Usage, $"'{keys}' is there already. Name another file: the keys of the rows are written beside the vectors.");
        var vectors = head.Fingerprint.States.SelectMany(state => Enum.GetValues<KnowledgeLevel>().Select(level => (Name: Name(level, state), Rows: new List<float[]>()))).ToDictionary(p => p.Name, p => p.Rows);
        DurableFile.Write(keys, stream => JsonLinesExchange.Write(stream, head, Remembered(), withVectors: false));
        try
        {
            using var scope = torch.NewDisposeScope();
            var type = head.Fingerprint.Precision == KnowledgePrecision.Fp16 ? torch.float16 : torch.float32;
            var tensors = vectors.Where(v => v.Value.Count > 0)
                .Select(v => (v.Key, torch.tensor((float[])[.. v.Value.SelectMany(row => row)], [v.Value.Count, v.Value[0].Length]).to(type))).ToList();
            DurableFile.Write(path, stream => Safetensors.Write(stream, tensors, new Dictionary<string, string> { [ExchangeHead.Name] = head.ToJson() }));
        }
        catch
        {
            File.Delete(keys); // one without the other is of no use
            throw;
        }

        IEnumerable<KnowledgeRecord> Remembered()
        {
            foreach (var record in records)
            {
                foreach (var (state, vector) in head.Fingerprint.States.Zip(record.Vectors))
                    vectors[Name(record.Key.Level, state)].Add(vector);
                yield return record;
            }
        }
    }

    public static (ExchangeHead Head, IEnumerable<ExchangedRecord> Records) Read(string path)
    {
        using var file = SafetensorsFile.Open(path);
        var head = file.Metadata.TryGetValue(ExchangeHead.Name, out var json) ? ExchangeHead.FromJson(json, path) : throw ExchangeHead.NotExported(path);
        var keys = KeysOf(path);
        if (JsonLinesExchange.Head(keys) != head)
            throw new Llm4MsrException(FaultKind.BadInput, $"'{keys}' and '{path}' are of different exports. Use the two files of one.");
        return (head, Records(path, keys, head.Fingerprint));
    }

    private static IEnumerable<ExchangedRecord> Records(string path, string keys, KnowledgeFingerprint fingerprint)
    {
        using var file = SafetensorsFile.Open(path);
        var next = new Dictionary<KnowledgeLevel, int> { [KnowledgeLevel.User] = 0, [KnowledgeLevel.Scenario] = 0 };
        foreach (var (number, line) in JsonLinesExchange.Lines(keys))
        {
            var row = next[line.Level]++;
            var vectors = fingerprint.States.Select(state => Row(file, Name(line.Level, state), row, fingerprint.WidthOf(line.Level), fingerprint.Precision)).ToList();
            yield return new ExchangedRecord(FormattableString.Invariant($"line {number} of its keys"), line.ToRecord(vectors), line.Checksum);
        }
    }

    private static float[] Row(SafetensorsFile file, string name, int row, int width, KnowledgePrecision precision)
    {
        var entry = file.Entry(name);
        var (type, size) = precision == KnowledgePrecision.Fp16 ? ("F16", 2) : ("F32", 4);
        if (entry.Type != type || entry.Shape.Length != 2 || entry.Shape[1] != width || row >= entry.Shape[0])
        {
            throw new Llm4MsrException(FaultKind.BadInput, FormattableString.Invariant(
                $"'{file.Path}': the tensor '{name}' is {entry.Type} [{string.Join(", ", entry.Shape)}], expected {type} of width {width} with a row {row + 1}. Export the store again."));
        }
        var bytes = new byte[width * size];
        file.ReadBytes(entry with { Offset = entry.Offset + (long)row * bytes.Length, Length = bytes.Length }, bytes);
        var vector = new float[width];
        for (var k = 0; k < width; k++)
            vector[k] = size == 2 ? (float)BitConverter.ToHalf(bytes, 2 * k) : BitConverter.ToSingle(bytes, 4 * k);
        return vector;
    }

    private static string Name(KnowledgeLevel level, string state) => $"{(level == KnowledgeLevel.User ? "user" : "scenario")}.{state}";
}
