using Apache.Arrow;
using Llm4Msr.Data;
using Llm4Msr.Import.Configuration;

namespace Llm4Msr.Import.Engine;

/// <summary>
/// Splits and encodes the sorted tables of users, items and interactions where they lie. Only a few numbers for each user, and
/// the batch that is being written, leave the database.
/// </summary>
/// <param name="context">Of the interactions; the columns x0, x1, ….</param>
internal sealed class SplitTables(DuckDb database, ImportConfiguration configuration, EntityTables users, EntityTables items, IReadOnlyList<FeatureSource> context)
{
    private int Scenarios => configuration.Scenarios.Count;

    public EncodedTables Encode()
    {
        AssignParts();
        var parts = database.Rows("SELECT CAST(part AS INTEGER), count(*), min(rank), max(rank) FROM parted GROUP BY part")
            .ToDictionary(r => (Part)(long)r[0]!, r => new PartFacts((int)(long)r[1]!, (int)(long)r[2]!, (int)(long)r[3]!));
        PartFacts Facts(Part part) => parts.GetValueOrDefault(part, new PartFacts(0, -1, -1));
        var all = new PartRows(Facts(Part.Training).Interactions, Facts(Part.Validation).Interactions + Facts(Part.Test).Interactions);
        Count(users, "user");
        Count(items, "item");
        List<FieldTable> ofUsers = Learn(users, FieldOwner.User, FeatureNames.UserId, all), ofItems = Learn(items, FieldOwner.Item, FeatureNames.ItemId, all);
        List<FieldTable> ofContext =
        [
            .. context.Select((feature, k) => FieldTable.OfOne(
                database, feature, FieldOwner.Context, $"context_{k}", $"nullif(x{k}, '')", "parted", configuration.MinCount, all)),
        ];
        FieldTable[] fields = [.. ofUsers, .. ofItems, .. ofContext];
        return new EncodedTables(
            Enum.GetValues<Part>().ToDictionary(part => part, Facts),
            Statistics(training: false), Statistics(training: true),
            EncodedTables.SchemaOf(Scenarios, fields.Select(f => f.Field)),
            [.. fields.Select(f => f.Frequency)],
            RecordBatches.Of(["part"], EncodedTables.PartRows, database.Stream("SELECT CAST(part AS UTINYINT) FROM parted ORDER BY rank")),
            Encoded(users, ofUsers), Encoded(items, ofItems),
            context.Count == 0 ? [RawBatch.Of([])] : EncodedContext(ofContext),
            RecordBatches.Of(["field", "value", "index", "count"], EncodedTables.Rows, fields.SelectMany(f => f.Entries(database))).DefaultIfEmpty(NoVocabulary()));
    }

    /// <summary>Makes the view "parted": the interactions with rank and part, and what they count for in both.</summary>
    private void AssignParts()
    {
        var part = "i.part";
        if (configuration.Split.Kind != SplitKind.Column)
        {
            var rows = new int[database.Number("SELECT count(*) FROM users")];
            foreach (var row in database.Stream("SELECT \"user\", CAST(count(*) AS INTEGER) FROM interactions GROUP BY \"user\""))
            {
                for (var k = 0; k < row.Rows; k++)
                    rows[row.Columns[0].Values<int>()[k]] = row.Columns[1].Values<int>()[k];
            }
            var cuts = new PartCuts(configuration.Split, rows, Texts(database.Stream("SELECT key FROM users")));
            foreach (var chunk in database.Stream("SELECT \"user\" FROM interactions"))
                cuts.Pass(chunk.Columns[0].Values<int>());
            database.Execute("CREATE TABLE cuts (\"user\" INTEGER, first INTEGER, second INTEGER, before INTEGER, between_both INTEGER, after INTEGER)");
            database.Append("cuts", Enumerable.Range(0, rows.Length).Select(user => cuts.Of(user) is var cut
                ? (int[])[user, cut.First, cut.Second, (int)cut.Parts.Before, (int)cut.Parts.Between, (int)cut.Parts.After]
                : []));
            part = "CASE WHEN i.rowid < c.first THEN c.before WHEN i.rowid < c.second THEN c.between_both ELSE c.after END";
        }
        database.Execute(
            $"CREATE VIEW parted AS SELECT *, CAST(part = {(int)Part.Training} AS INTEGER) AS training, CAST(part IN ({(int)Part.Validation}, {(int)Part.Test}) AS INTEGER) AS scored "
            + $"FROM (SELECT i.rowid AS rank, i.* EXCLUDE (part), {part} AS part FROM interactions i{(part == "i.part" ? "" : " JOIN cuts c ON c.\"user\" = i.\"user\"")})");
    }

    private static IEnumerable<string> Texts(IEnumerable<Chunk> chunks)
    {
        foreach (var chunk in chunks)
        {
            for (var row = 0; row < chunk.Rows; row++)
                yield return (string)chunk.Columns[0].Value(row)!;
        }
    }

    /// <summary>Makes a table of how often each entity stands in which part, and in which scenarios at all.</summary>
    private void Count(EntityTables entities, string column) => database.Execute(
        $"CREATE TABLE {entities.What}_counts AS SELECT CAST(\"{column}\" AS BIGINT) AS row, count(*) FILTER (training = 1) AS training, count(*) FILTER (scored = 1) AS scored"
        + $"{string.Concat(Enumerable.Range(0, Scenarios).Select(s => $", bool_or(s = {s}) AS any_{s}, bool_or(s = {s} AND training = 1) AS training_{s}"))} FROM parted GROUP BY \"{column}\"");

    private DataStatistics Statistics(bool training)
    {
        var rows = database.Rows($"SELECT s, count(*), count(*) FILTER (clicked) FROM parted{(training ? " WHERE training = 1" : "")} GROUP BY s")
            .ToDictionary(r => (int)(long)r[0]!, r => (Rows: (int)(long)r[1]!, Clicks: (int)(long)r[2]!));
        var (userCounts, itemCounts) = (Entities(users), Entities(items));
        return new DataStatistics(
            [.. Enumerable.Range(0, Scenarios).Select(s => (s, Of: rows.GetValueOrDefault(s))).Select(r => new ScenarioStatistics(userCounts[r.s], itemCounts[r.s], r.Of.Rows, r.Of.Clicks))],
            userCounts[^2], itemCounts[^2], userCounts[^1], itemCounts[^1], rows.Values.Sum(r => r.Rows));

        // How many are in each scenario, in any of them, and in every one.
        int[] Entities(EntityTables entities)
        {
            string[] seen = [.. Enumerable.Range(0, Scenarios).Select(s => training ? $"training_{s}" : $"any_{s}")];
            var counts = seen.Append(string.Join(" OR ", seen)).Append(string.Join(" AND ", seen)).Select(condition => $"count(*) FILTER ({condition})");
            return [.. database.Rows($"SELECT {string.Join(", ", counts)} FROM {entities.What}_counts")[0].Select(n => (int)(long)n!)];
        }
    }

    private List<FieldTable> Learn(EntityTables entities, FieldOwner owner, string idField, PartRows all) =>
    [
        FieldTable.OfIds(database, entities, owner, idField, configuration.MinCount, all),
        .. entities.Features.Select((feature, k) => SqlValues.IsList(feature)
            ? FieldTable.OfLists(database, entities, feature, owner, $"f{k}", configuration.MinCount, all)
            : FieldTable.OfOne(
                database, feature, owner, $"{entities.What}_f{k}", $"e.f{k}", $"{entities.What} e JOIN {entities.What}_counts c ON c.row = e.rowid", configuration.MinCount, all)),
    ];

    private IEnumerable<RecordBatch> Encoded(EntityTables entities, IReadOnlyList<FieldTable> fields)
    {
        var joins = fields.Select((f, k) => f.Field.MultiValued ? $"LEFT JOIN {f.Table}_lists v{k} ON v{k}.row = e.rowid"
            : k == 0 ? $"LEFT JOIN {f.Table} v{k} ON v{k}.row = e.rowid"
            : $"LEFT JOIN {f.Table} v{k} ON v{k}.value = {f.Value($"e.f{k - 1}")}");
        var columns = fields.Select((f, k) => f.Field.MultiValued ? $", coalesce(v{k}.indices, [{FeatureVocabulary.Unseen}])" : $", {Index(k)}");
        return RecordBatches.Of(
            ["key", .. fields.Select(f => f.Field.Name)],
            EncodedTables.Rows,
            database.Stream($"SELECT e.key{string.Concat(columns)} FROM {entities.What} e {string.Join(' ', joins)} ORDER BY e.rowid"));
    }

    private IEnumerable<RecordBatch> EncodedContext(IReadOnlyList<FieldTable> fields) => RecordBatches.Of(
        [.. fields.Select(f => f.Field.Name)],
        EncodedTables.Rows,
        database.Stream(
            $"SELECT {string.Join(", ", fields.Select((_, k) => Index(k)))} FROM interactions i "
            + $"{string.Join(' ', fields.Select((f, k) => $"LEFT JOIN {f.Table} v{k} ON v{k}.value = {f.Value($"nullif(i.x{k}, '')")}"))} ORDER BY i.rowid"));

    private static string Index(int field) => $"CAST(coalesce(v{field}.rowid + 1, {FeatureVocabulary.Unseen}) AS INTEGER)";

    private static RecordBatch NoVocabulary() => RawBatch.Of(
    [
        ("field", new StringArray.Builder().Build()), ("value", new StringArray.Builder().Build()),
        ("index", new Int32Array.Builder().Build()), ("count", new Int64Array.Builder().Build()),
    ]);
}
