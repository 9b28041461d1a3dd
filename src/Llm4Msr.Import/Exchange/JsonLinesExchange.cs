using System.Text.Json;
using Llm4Msr.Knowledge;

namespace Llm4Msr.Import.Exchange;

/// <summary>A store as JSON lines: the head first, then a line for every record.</summary>
internal static class JsonLinesExchange
{
    public static void Write(Stream stream, ExchangeHead head, IEnumerable<KnowledgeRecord> records, bool withVectors = true)
    {
        using var writer = new StreamWriter(stream, leaveOpen: true) { NewLine = "\n" };
        writer.WriteLine(head.ToJson());
        foreach (var record in records)
            writer.WriteLine(JsonSerializer.Serialize(ExchangeLine.Of(record, head.Fingerprint, withVectors), ExchangeJson.Options));
    }

    public static (ExchangeHead Head, IEnumerable<ExchangedRecord> Records) Read(string path)
    {
        var head = Head(path);
        return (head, Lines(path).Select(l => new ExchangedRecord(FormattableString.Invariant($"line {l.Number}"), l.Line.ToRecord(Vectors(path, l, head.Fingerprint)), l.Line.Checksum)));
    }

    public static ExchangeHead Head(string path)
    {
        foreach (var (_, line) in JsonLines.Of(path))
            return ExchangeHead.FromJson(line, path);
        throw ExchangeHead.NotExported(path);
    }

    /// <summary>The records' lines, without the head's.</summary>
    public static IEnumerable<(int Number, ExchangeLine Line)> Lines(string path) =>
        JsonLines.Of(path).Skip(1).Select(l => (l.Number, JsonLines.Read<ExchangeLine>(path, l.Number, l.Line)));

    private static List<float[]> Vectors(string path, (int Number, ExchangeLine Line) line, KnowledgeFingerprint fingerprint)
    {
        var found = line.Line.Vectors ?? [];
        return found.Count == fingerprint.States.Count && fingerprint.States.All(found.ContainsKey)
            ? [.. fingerprint.States.Select(state => found[state])]
            : throw JsonLines.Wrong(path, line.Number, $"has the vectors '{string.Join("', '", found.Keys.Take(20))}', expected '{string.Join("', '", fingerprint.States)}'");
    }
}
