using Llm4Msr.Knowledge;
using ParquetSharp;
using ParquetSharp.IO;

namespace Llm4Msr.Import.Exchange;

/// <summary>A store as Parquet: a row for every record, a list of floats for every state.</summary>
internal static class ParquetExchange
{
    private const int RecordsPerGroup = 1024;

    public static void Write(Stream stream, ExchangeHead head, IEnumerable<KnowledgeRecord> records)
    {
        var states = head.Fingerprint.States;
        Column[] columns =
        [
            new Column<string>("level"), new Column<string>("id"), new Column<long>("as_of_rank"), new Column<long>("as_of_time"), new Column<string>("basis"), new Column<string>("prompt_hash"),
            new Column<int>("prompt_tokens"), new Column<int>("new_tokens"), new Column<int>("cut_items"), new Column<string>("text"), new Column<long>("checksum"),
            .. states.Select(state => new Column<float[]>(VectorColumn(state))),
        ];
        using var output = new ManagedOutputStream(stream, leaveOpen: true);
        using var properties = new WriterPropertiesBuilder().Compression(Compression.Zstd).Build();
        using var file = new ParquetFileWriter(output, columns, properties, new Dictionary<string, string> { [ExchangeHead.Name] = head.ToJson() });
        foreach (var batch in records.Chunk(RecordsPerGroup))
        {
            using var group = file.AppendRowGroup();
            Column(r => r.Key.Level == KnowledgeLevel.User ? "user" : "scenario");
            Column(r => r.Key.Id);
            Column(r => r.AsOfRank);
            Column(r => r.AsOfTime);
            Column(r => r.Basis);
            Column(r => r.PromptHash);
            Column(r => r.PromptTokens);
            Column(r => r.NewTokens);
            Column(r => r.CutItems);
            Column(r => r.Text);
            Column(r => (long)r.Checksum(head.Fingerprint.Precision));
            for (var s = 0; s < states.Count; s++)
                Column(r => r.Vectors[s]);

            void Column<T>(Func<KnowledgeRecord, T> value)
            {
                using var writer = group.NextColumn().LogicalWriter<T>();
                writer.WriteBatch([.. batch.Select(value)]);
            }
        }
        file.Close();
    }

    public static (ExchangeHead Head, IEnumerable<ExchangedRecord> Records) Read(string path)
    {
        using var table = ParquetTable.Open(path);
        var head = table.Metadata.TryGetValue(ExchangeHead.Name, out var json) ? ExchangeHead.FromJson(json, path) : throw ExchangeHead.NotExported(path);
        return (head, Records(path, head.Fingerprint));
    }

    private static IEnumerable<ExchangedRecord> Records(string path, KnowledgeFingerprint fingerprint)
    {
        using var table = ParquetTable.Open(path);
        var widest = Math.Max(fingerprint.UserWidth, fingerprint.ScenarioWidth);
        long row = 0;
        for (var g = 0; g < table.Groups; g++)
        {
            using var group = table.Group(g);
            var next = table.Guarded(FormattableString.Invariant($"row group {g + 1}"), () => Line(group));
            var vectors = table.Guarded(FormattableString.Invariant($"row group {g + 1}"), () => fingerprint.States.Select(state => group.Vectors(VectorColumn(state), widest)).ToList());
            for (var left = group.Rows; left > 0; left--)
            {
                row++;
                var where = FormattableString.Invariant($"row {row}");
                var line = table.Guarded(where, next);
                yield return new ExchangedRecord(where, table.Guarded(where, () => line.ToRecord([.. vectors.Select(vector => vector())])), line.Checksum);
            }
        }
    }

    /// <summary>Gives the next row without its vectors.</summary>
    private static Func<ExchangeLine> Line(ParquetGroup group)
    {
        var (level, id, basis, promptHash, text) = (group.Texts("level"), group.Texts("id"), group.Texts("basis"), group.Texts("prompt_hash"), group.Texts("text"));
        var (rank, time, promptTokens, newTokens, cutItems, checksum) =
            (group.Whole("as_of_rank"), group.Whole("as_of_time"), group.Whole("prompt_tokens"), group.Whole("new_tokens"), group.Whole("cut_items"), group.Whole("checksum"));
        return () => new ExchangeLine(
            level() switch
            {
                "user" => KnowledgeLevel.User,
                "scenario" => KnowledgeLevel.Scenario,
                var other => throw new FormatException($"the level is '{other}', expected 'user' or 'scenario'"),
            },
            id(), rank(), time(), basis(), promptHash(), checked((int)promptTokens()), checked((int)newTokens()), checked((int)cutItems()), text(), checked((uint)checksum()));
    }

    private static string VectorColumn(string state) => $"vector_{state}";
}
