using Llm4Msr.Knowledge;
using ParquetSharp;
using ParquetSharp.IO;

namespace Llm4Msr.Import.Exchange;

/// <summary>A store as Parquet: a row for every record, a list of floats for every state.</summary>
internal static class ParquetExchange
{
    private const int RecordsPerGroup = 1024;
    private const string User = "user", Scenario = "scenario";

    public static void Write(Stream stream, ExchangeHead head, IEnumerable<KnowledgeRecord> records)
    {
        WrittenColumn[] columns = [.. Columns(), .. head.Fingerprint.States.Select(state => Of(VectorColumn(state), line => line.Vectors![state]))];
        using var output = new ManagedOutputStream(stream, leaveOpen: true);
        using var properties = new WriterPropertiesBuilder().Compression(Compression.Zstd).Build();
        using var file = new ParquetFileWriter(output, [.. columns.Select(c => c.Column)], properties, new Dictionary<string, string> { [ExchangeHead.Name] = head.ToJson() });
        foreach (var batch in records.Chunk(RecordsPerGroup))
        {
            ExchangeLine[] lines = [.. batch.Select(record => ExchangeLine.Of(record, head.Fingerprint, withVectors: true))];
            using var group = file.AppendRowGroup();
            foreach (var column in columns)
            {
                using var writer = group.NextColumn();
                column.Write(writer, lines);
            }
        }
        file.Close();
    }

    /// <summary>The columns that every file has, in the order of <see cref="ExchangeLine"/>; <see cref="Line"/> reads them.</summary>
    private static IEnumerable<WrittenColumn> Columns() =>
    [
        Of("level", line => line.Level == KnowledgeLevel.User ? User : Scenario),
        Of("id", line => line.Id),
        Of("as_of_rank", line => line.AsOfRank),
        Of("as_of_time", line => line.AsOfTime),
        Of("basis", line => line.Basis),
        Of("prompt_hash", line => line.PromptHash),
        Of("prompt_tokens", line => line.PromptTokens),
        Of("new_tokens", line => line.NewTokens),
        Of("cut_items", line => line.CutItems),
        Of("text", line => line.Text),
        Of("checksum", line => (long)line.Checksum),
    ];

    private static WrittenColumn Of<T>(string name, Func<ExchangeLine, T> value) => new(new Column<T>(name), (writer, lines) =>
    {
        using var values = writer.LogicalWriter<T>();
        values.WriteBatch([.. lines.Select(value)]);
    });

    private sealed record WrittenColumn(Column Column, Action<ColumnWriter, IReadOnlyList<ExchangeLine>> Write);

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
                User => KnowledgeLevel.User,
                Scenario => KnowledgeLevel.Scenario,
                var other => throw new FormatException($"the level is '{other}', expected '{User}' or '{Scenario}'"),
            },
            id(), rank(), time(), basis(), promptHash(), checked((int)promptTokens()), checked((int)newTokens()), checked((int)cutItems()), text(), checked((uint)checksum()));
    }

    private static string VectorColumn(string state) => $"vector_{state}";
}
