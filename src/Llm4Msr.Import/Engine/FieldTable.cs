using System.Globalization;
using Llm4Msr.Data;
using Llm4Msr.Import.Configuration;

namespace Llm4Msr.Import.Engine;

/// <summary>In how many interactions of the training part, and in how many that are scored.</summary>
internal sealed record PartRows(long Training, long Scored);

/// <summary>
/// The vocabulary of one field as a table of the database: a row for each value that the training part holds often enough,
/// in the order of indices, so that a value's index is one more than its rowid.
/// </summary>
/// <param name="Table">Columns: value, training and scored (rows of the parts), of ids also row, the entity's.</param>
/// <param name="Value">Writes the value of a text as SQL: the text itself, or the bucket of its number.</param>
internal sealed record FieldTable(FeatureField Field, string Table, Func<string, string> Value, FieldFrequency Frequency)
{
    private const string Number = "'\\s*[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?\\s*'"; // as prediction reads one

    /// <summary>Learns the ids of users or items.</summary>
    public static FieldTable OfIds(DuckDb database, EntityTables entities, FieldOwner owner, string name, int minCount, PartRows all)
    {
        var (what, table) = (entities.What, $"{entities.What}_ids");
        var kept = $"FROM {what} e JOIN {what}_counts c ON c.row = e.rowid WHERE training >= {Math.Max(1, minCount)}";
        var order = "row";
        if (!entities.HasNumbers)
        {
            database.Execute($"CREATE TABLE {table}_kept AS SELECT e.key AS value {kept}");
            order = SqlOrder.Of("value", SqlOrder.AreNumbers(database, $"{table}_kept", "value"));
            database.Execute($"DROP TABLE {table}_kept");
        }
        database.Execute($"CREATE TABLE {table} AS SELECT e.key AS value, training, scored, c.row AS row {kept} ORDER BY {order}");
        var trained = database.Number($"SELECT count(*) FROM {what}_counts WHERE training > 0");
        return Of(database, name, owner, table, trained, all, null, text => text);
    }

    /// <summary>Learns a field of which each row has one value, or none.</summary>
    /// <param name="table">Its name.</param>
    /// <param name="text">The value of a row of <paramref name="from"/>, null where it is missing.</param>
    /// <param name="from">Rows with the columns training and scored.</param>
    public static FieldTable OfOne(DuckDb database, FeatureSource feature, FieldOwner owner, string table, string text, string from, int minCount, PartRows all)
    {
        if (feature.Kind != FeatureKind.Numeric)
        {
            var values = Count(database, table, text, from, minCount, order: null);
            return Of(database, feature.Name, owner, table, values, all, null, value => value);
        }
        var rule = feature.Buckets ?? new BucketRule();
        var edges = rule.Edges ?? Quantiles(database, rule.Quantiles, text, from);
        string[] names = [.. Buckets.Names(edges).Select(name => $"'{name}'")];
        string Bucket(string value) => $"CASE WHEN NOT regexp_full_match({value}, {Number}) OR {SqlValues.Number(value)} IS NULL THEN NULL "
            + $"{string.Concat(edges.Select((edge, k) => $"WHEN {SqlValues.Number(value)} < {Literal(edge)} THEN {names[k]} "))}ELSE {names[^1]} END";
        var trained = Count(database, table, Bucket(text), from, minCount, order: $"list_position([{string.Join(", ", names)}], value)");
        return Of(database, feature.Name, owner, table, trained, all, edges, Bucket);
    }

    /// <summary>Learns a field with lists, and encodes it at once: afterwards the table's name with "_lists" has the columns row and indices.</summary>
    public static FieldTable OfLists(DuckDb database, EntityTables entities, FeatureSource feature, FieldOwner owner, string column, int minCount, PartRows all)
    {
        const int RowsAtOnce = 1 << 18; // an aggregate of lists is not spilled
        var (what, table) = (entities.What, $"{entities.What}_{column}");
        var values = $"(SELECT rowid AS row, unnest({column}) AS value, generate_subscripts({column}, 1) AS place FROM {what}) l";
        var trained = Count(database, table, "value", $"{values} JOIN {what}_counts c ON c.row = l.row", minCount, order: null);
        database.Execute(
            $"CREATE TABLE {table}_known AS SELECT l.row, l.place, CAST(v.rowid + 1 AS INTEGER) AS index FROM {values} JOIN {table} v ON v.value = l.value ORDER BY l.row, l.place");
        database.Execute($"CREATE TABLE {table}_lists (row BIGINT, indices INTEGER[])");
        var rows = database.Number($"SELECT count(*) FROM {what}");
        for (var first = 0L; first < rows; first += RowsAtOnce)
        {
            database.Execute(
                $"INSERT INTO {table}_lists SELECT row, list(index ORDER BY place) FROM {table}_known WHERE row >= {first} AND row < {first + RowsAtOnce} GROUP BY row");
        }
        database.Execute($"DROP TABLE {table}_known");
        var known = Known(database, $"{table}_lists l JOIN {what}_counts c ON c.row = l.row");
        return Of(database, feature.Name, owner, table, trained, all, null, value => value, known);
    }

    /// <summary>The entries of the vocabulary, as they are stored.</summary>
    public IEnumerable<Chunk> Entries(DuckDb database) =>
        database.Stream($"SELECT $1, value, CAST(rowid + 1 AS INTEGER), training FROM {Table}", Field.Name);

    private static FieldTable Of(
        DuckDb database, string name, FieldOwner owner, string table, long trained, PartRows all, IReadOnlyList<double>? edges, Func<string, string> value, PartRows? knownOfLists = null)
    {
        var field = new FeatureField(name, owner, knownOfLists is not null, checked((int)database.Number($"SELECT count(*) + 1 FROM {table}")), edges);
        var known = knownOfLists ?? Known(database, table);
        return new FieldTable(field, table, value, FieldFrequency.Of(
            field, checked((int)trained), FieldFrequency.Share(all.Training - known.Training, all.Training), FieldFrequency.Share(all.Scored - known.Scored, all.Scored)));
    }

    private static PartRows Known(DuckDb database, string from)
    {
        var row = database.Rows($"SELECT CAST(coalesce(sum(training), 0) AS BIGINT), CAST(coalesce(sum(scored), 0) AS BIGINT) FROM {from}")[0];
        return new PartRows((long)row[0]!, (long)row[1]!);
    }

    /// <summary>Makes the table of the values that the training part holds often enough.</summary>
    /// <param name="order">Of the values; null for that of keys.</param>
    /// <returns>How many values the training part holds at all.</returns>
    private static long Count(DuckDb database, string table, string value, string from, int minCount, string? order)
    {
        database.Execute(
            $"CREATE TABLE {table}_all AS SELECT value, CAST(sum(training) AS BIGINT) AS training, CAST(sum(scored) AS BIGINT) AS scored "
            + $"FROM (SELECT {value} AS value, training, scored FROM {from}) WHERE value IS NOT NULL GROUP BY value HAVING sum(training) > 0");
        var trained = database.Number($"SELECT count(*) FROM {table}_all");
        database.Execute($"DELETE FROM {table}_all WHERE training < {minCount}");
        order ??= SqlOrder.Of("value", SqlOrder.AreNumbers(database, $"{table}_all", "value"));
        database.Execute($"CREATE TABLE {table} AS SELECT * FROM {table}_all ORDER BY {order}");
        database.Execute($"DROP TABLE {table}_all");
        return trained;
    }

    private static double[] Quantiles(DuckDb database, int quantiles, string text, string from)
    {
        var numbers = $"FROM (SELECT {SqlValues.Number(text)} AS number, training FROM {from} WHERE training > 0 AND regexp_full_match({text}, {Number})) WHERE number IS NOT NULL";
        var total = database.Number($"SELECT CAST(sum(training) AS BIGINT) {numbers}");
        return [.. Buckets.Edges(quantiles, Pairs(database.Stream($"SELECT number, CAST(sum(training) AS BIGINT) {numbers} GROUP BY number ORDER BY number")), total)];

        static IEnumerable<(double, long)> Pairs(IEnumerable<Chunk> chunks)
        {
            foreach (var chunk in chunks)
            {
                for (var row = 0; row < chunk.Rows; row++)
                    yield return (chunk.Columns[0].Values<double>()[row], chunk.Columns[1].Values<long>()[row]);
            }
        }
    }

    private static string Literal(double number) => $"CAST('{number.ToString("R", CultureInfo.InvariantCulture)}' AS DOUBLE)";
}
