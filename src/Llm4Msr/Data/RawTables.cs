using Apache.Arrow;

namespace Llm4Msr.Data;

/// <summary>
/// What an importer found in the logs, before anything is encoded or split: three tables in their final order, batch
/// by batch, so that none of them has to be in memory. Each is read once, in the order users, items, interactions, and
/// has at least one batch.
/// </summary>
/// <param name="Users">By id in <see cref="KeyOrder"/>. Columns: <c>key</c>, then <c>raw.FIELD</c>, a list of texts, for each of its fields.</param>
/// <param name="Items">By id in <see cref="KeyOrder"/>. Columns: <c>key</c>, <c>title</c>, <c>category</c>, then <c>raw.FIELD</c>.</param>
/// <param name="Interactions">
/// In the order of <see cref="InteractionTable"/>. Columns: <c>scenario</c>, <c>user</c>, <c>item</c> (rows of their tables), <c>clicked</c>,
/// <c>positive</c>, <c>time</c>, then <c>context.FIELD</c>, a text, empty where the value is missing.
/// </param>
public sealed record RawTables(
    string Source,
    PlatformDescription Platform,
    IReadOnlyList<Scenario> Scenarios,
    IEnumerable<RecordBatch> Users,
    IEnumerable<RecordBatch> Items,
    IEnumerable<RecordBatch> Interactions,
    IReadOnlyDictionary<string, FileFacts> Inputs);

/// <summary>Makes record batches of raw tables.</summary>
public static class RawBatch
{
    /// <summary>The rows of every batch but the last.</summary>
    public const int Rows = 1 << 20;

    public static RecordBatch Of(IReadOnlyList<(string Name, IArrowArray Values)> columns)
    {
        var schema = new Schema([.. columns.Select(c => new Field(c.Name, c.Values.Data.DataType, nullable: false))], null);
        return new RecordBatch(schema, columns.Select(c => c.Values), columns.Count == 0 ? 0 : columns[0].Values.Length);
    }

    /// <summary>A table in batches of <paramref name="most"/> rows; one without rows in one batch.</summary>
    /// <param name="columns">The columns of the rows from a first one to a last.</param>
    internal static IEnumerable<RecordBatch> InParts(int rows, int most, Func<Range, IReadOnlyList<(string Name, IArrowArray Values)>> columns)
    {
        var first = 0;
        do
        {
            yield return Of(columns(first..Math.Min(rows, first + most)));
            first += most;
        }
        while (first < rows);
    }
}
