using Llm4Msr.Import.Exchange;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;

namespace Llm4Msr.Import;

/// <param name="Files">What was written, or read.</param>
public sealed record ExportedKnowledgeResult(long Records, string ContentHash, IReadOnlyList<string> Files);

/// <summary>A whole store as a file that other tools read, and back: fingerprint, keys, ranks, texts, and vectors to the bit.</summary>
public static class ExportedKnowledge
{
    private const int RecordsAtOnce = 1024;

    /// <summary>By the name's ending; safetensors have a second file with the keys beside them.</summary>
    public static IReadOnlyList<string> Endings { get; } = [".parquet", ".safetensors", ".jsonl"];

    public static ExportedKnowledgeResult Write(string storePath, string path)
    {
        var ending = EndingOf(path);
        if (File.Exists(path))
            throw new Llm4MsrException(FaultKind.Usage, $"'{path}' is there already. Name another file.");
        using var store = KnowledgeStore.OpenForReading(storePath);
        var head = ExchangeHead.Of(store);
        switch (ending)
        {
            case ".parquet":
                DurableFile.Write(path, stream => ParquetExchange.Write(stream, head, store.Records()));
                return new(store.Count, store.ContentHash, [path]);
            case ".safetensors":
                SafetensorsExchange.Write(path, head, store.Records);
                return new(store.Count, store.ContentHash, [path, SafetensorsExchange.KeysOf(path)]);
            default:
                DurableFile.Write(path, stream => JsonLinesExchange.Write(stream, head, store.Records()));
                return new(store.Count, store.ContentHash, [path]);
        }
    }

    /// <summary>Makes an equal store of an exported one. Where anything is wrong, none is made.</summary>
    public static ExportedKnowledgeResult Read(string path, string storePath)
    {
        KnowledgeImport.RefuseExisting(storePath);
        var (head, records) = EndingOf(path) switch
        {
            ".parquet" => ParquetExchange.Read(path),
            ".safetensors" => SafetensorsExchange.Read(path),
            _ => JsonLinesExchange.Read(path),
        };
        WholeStore.Write(storePath, unfinished =>
        {
            using var store = KnowledgeStore.OpenForWriting(unfinished, head.Fingerprint, head.InteractionsHash);
            foreach (var batch in Checked(path, head, records).Chunk(RecordsAtOnce))
                store.Append(batch);
            if (store.Count != head.Records || store.ContentHash != head.ContentHash)
            {
                throw new Llm4MsrException(FaultKind.BadInput, FormattableString.Invariant(
                    $"'{path}' holds {store.Count} records with the content hash {store.ContentHash}, expected {head.Records} with {head.ContentHash}: it is damaged or was changed. Export the store again."));
            }
        });
        return new(head.Records, head.ContentHash, [path]);
    }

    private static IEnumerable<KnowledgeRecord> Checked(string path, ExchangeHead head, IEnumerable<ExchangedRecord> records)
    {
        var seen = new HashSet<(KnowledgeKey, long, string, string)>();
        foreach (var (where, record, checksum) in records)
        {
            if (seen.Count == head.Records)
                throw Wrong(where, $"there are more records than the {head.Records} that the file claims");
            if (record.ProblemUnder(head.Fingerprint) is { } problem)
                throw Wrong(where, problem.TrimEnd('.'));
            if (record.Checksum(head.Fingerprint.Precision) is var found && found != checksum)
                throw Wrong(where, FormattableString.Invariant($"the knowledge of {record.Key} has the checksum {found}, expected {checksum}: it is damaged or was changed"));
            if (!seen.Add((record.Key, record.AsOfRank, record.Basis, record.PromptHash)))
                throw Wrong(where, FormattableString.Invariant($"the knowledge of {record.Key} as of rank {record.AsOfRank} from this prompt is there twice"));
            yield return record;
        }

        Llm4MsrException Wrong(string where, string what) => new(FaultKind.BadInput, $"'{path}', {where}: {what}. Export the store again.");
    }

    private static string EndingOf(string path) => Endings.FirstOrDefault(ending => path.EndsWith(ending, StringComparison.Ordinal))
        ?? throw new Llm4MsrException(FaultKind.Usage, $"'{path}' says no format: expected a name that ends in {string.Join(", ", Endings)}.");
}
