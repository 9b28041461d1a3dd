using Llm4Msr.Knowledge;
using Llm4Msr.Platform;

namespace Llm4Msr.Import.Exchange;

/// <summary>
/// A store as two files: vectors in safetensors, a tensor <c>user.STATE</c> or <c>scenario.STATE</c> [N, H] each, and beside
/// it the keys, texts and ranks of its rows as JSON lines.
/// </summary>
/// <remarks>Shapes: N records of a level, H its width. Records are read from the store once for every tensor, so that none is held.</remarks>
internal static class SafetensorsExchange
{
    public static string KeysOf(string path) => Path.ChangeExtension(path, ".keys.jsonl");

    /// <param name="records">Gives the records of <paramref name="head"/>'s store, always in the same order: it is asked once for the keys and once for each tensor.</param>
    public static void Write(string path, ExchangeHead head, Func<IEnumerable<KnowledgeRecord>> records)
    {
        var keys = KeysOf(path);
        if (File.Exists(keys))
            throw new Llm4MsrException(FaultKind.Usage, $"'{keys}' is there already. Name another file: the keys of the rows are written beside the vectors.");
        var count = new Dictionary<KnowledgeLevel, long> { [KnowledgeLevel.User] = 0, [KnowledgeLevel.Scenario] = 0 };
        DurableFile.Write(keys, stream => JsonLinesExchange.Write(stream, head, Counted(), withVectors: false));
        try
        {
            DurableFile.Write(path, stream => WriteVectors(stream, head, records, count));
        }
        catch
        {
            File.Delete(keys); // one without the other is of no use
            throw;
        }

        IEnumerable<KnowledgeRecord> Counted()
        {
            foreach (var record in records())
            {
                count[record.Key.Level]++;
                yield return record;
            }
        }
    }

    private static void WriteVectors(Stream stream, ExchangeHead head, Func<IEnumerable<KnowledgeRecord>> records, Dictionary<KnowledgeLevel, long> count)
    {
        var (states, precision) = (head.Fingerprint.States, head.Fingerprint.Precision);
        var type = TypeOf(precision);
        var tensors = states.SelectMany((state, index) => Enum.GetValues<KnowledgeLevel>().Where(level => count[level] > 0).Select(level => (level, state, index))).ToList();
        stream.Write(Safetensors.Header(
            [.. tensors.Select(t => new SafetensorsShape(Name(t.level, t.state), type, [count[t.level], head.Fingerprint.WidthOf(t.level)]))],
            new Dictionary<string, string> { [ExchangeHead.Name] = head.ToJson() }));
        foreach (var (level, _, index) in tensors)
        {
            long rows = 0;
            foreach (var record in records().Where(record => record.Key.Level == level))
            {
                stream.Write(StoredVector.Encode(record.Vectors[index], precision));
                rows++;
            }
            if (rows != count[level])
                throw new Llm4MsrException(FaultKind.ResourceMissing, "The store is being written to while it is exported. Export it again when that has ended.");
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
        var type = TypeOf(precision);
        if (entry.Type != type || entry.Shape.Length != 2 || entry.Shape[1] != width || row >= entry.Shape[0])
        {
            throw new Llm4MsrException(FaultKind.BadInput, FormattableString.Invariant(
                $"'{file.Path}': the tensor '{name}' is {entry.Type} [{string.Join(", ", entry.Shape)}], expected {type} of width {width} with a row {row + 1}. Export the store again."));
        }
        var bytes = new byte[width * StoredVector.BytesPerValue(precision)];
        file.ReadBytes(entry with { Offset = entry.Offset + (long)row * bytes.Length, Length = bytes.Length }, bytes);
        var vector = new float[width];
        StoredVector.Decode(bytes, precision, vector);
        return vector;
    }

    private static string TypeOf(KnowledgePrecision precision) => precision == KnowledgePrecision.Fp16 ? "F16" : "F32";

    private static string Name(KnowledgeLevel level, string state) => $"{(level == KnowledgeLevel.User ? "user" : "scenario")}.{state}";
}
