using Llm4Msr.Data;
using Llm4Msr.Import.Configuration;

namespace Llm4Msr.Import.Engine;

/// <summary>The tables of users or of items: what the files say about each, and its row once it is known who is needed.</summary>
/// <param name="what">"users" or "items", the name of its tables in the database.</param>
/// <param name="column">Of the table of events: u or i.</param>
internal sealed class EntityTables(DuckDb database, string what, string column, IReadOnlyList<EntitySource> sources, bool hasWords)
{
    private const int LongestWords = 1000;

    private readonly FeatureSource[] _features = [.. sources.SelectMany(s => s.Features).DistinctBy(f => f.Name)];

    /// <summary>The fields of all files, in the order in which they are first named.</summary>
    public IReadOnlyList<RawFieldKind> Fields => [.. _features.Select(f => new RawFieldKind(
        f.Name, f.Kind is FeatureKind.MultiValued or FeatureKind.Sequence || f.Flags is not null, f.Kind == FeatureKind.Numeric ? f.Buckets ?? new BucketRule() : null))];

    private IEnumerable<string> Columns => _features.Select((_, k) => $"f{k}");

    /// <summary>The place of a feature, for rules that look at it.</summary>
    public string ColumnOf(string feature) => $"f{Array.FindIndex(_features, f => f.Name == feature)}";

    /// <summary>Reads all files; of an id that stands on several lines the first counts and the others are rejected.</summary>
    public IEnumerable<SourceRows> Read(Func<string, FileFormat, SourceFile> open, Rejects rejects)
    {
        database.Execute($"CREATE TABLE {what}_facts (key VARCHAR{string.Concat(Columns.Select(c => $", {c} VARCHAR[]"))}, title VARCHAR, category VARCHAR, problem VARCHAR)");
        for (var k = 0; k < sources.Count; k++)
        {
            var source = sources[k];
            string[] words = [.. source.Title.Concat(source.Category).Where(name => _features.All(f => f.Name != name))];
            var file = open(source.File, source.Format).Require([source.Key, .. words, .. source.Features.SelectMany(f => f.Columns)]);
            var parameters = new SqlParameters();
            string Text(string name) => file.Text(name, parameters);
            var features = _features.Select((f, n) => (Own: source.Features.FirstOrDefault(own => own.Name == f.Name), n))
                .Select(f => $"{(f.Own is null ? "[]" : SqlValues.Feature(f.Own, parameters, Text))} AS f{f.n}");
            var select = $"SELECT key{string.Concat(Columns.Select(c => $", {c}"))}, {Words(source.Title, " ", Text)}, {Words(source.Category, "/", Text)}, "
                + $"CASE WHEN key = '' THEN {parameters.Add($"the id ({source.Key}) is empty")} {string.Join(' ', Checks(source, parameters, Text))} END "
                + $"FROM (SELECT *, coalesce({Text(source.Key)}, '') AS key{string.Concat(features.Select(f => $", {f}"))} FROM {file.From(parameters, $"{what}_rejects_{k}")})";
            var first = database.Number($"SELECT count(*) FROM {what}_facts");
            SourceFile.Readable(file.Path, () => { database.Execute($"INSERT INTO {what}_facts {select}", parameters.Values); return true; });
            if (database.Number($"SELECT count(*) - count(DISTINCT key) FROM {what}_facts") > 0)
            {
                database.Execute(
                    $"UPDATE {what}_facts SET problem = concat('the id ''', key, ''' stands on an earlier line too') WHERE rowid >= {first} AND problem IS NULL "
                    + $"AND rowid NOT IN (SELECT min(rowid) FROM {what}_facts GROUP BY key)");
            }
            var (read, rejected) = rejects.Collect(source.File, file, $"{what}_facts", first, $"{what}_rejects_{k}");
            if (source.Rows is { } expected && expected != read)
                throw ImportPipeline.WrongCount(file.Path, read, expected);
            yield return new SourceRows(source.File, read, read - rejected, rejected, 0, 0);
        }
        database.Execute($"DELETE FROM {what}_facts WHERE problem IS NOT NULL");

        string Words(IReadOnlyList<string> names, string separator, Func<string, string> text)
        {
            if (names.Count == 0)
                return "''";
            var parts = names.Select(name => Array.FindIndex(_features, f => f.Name == name) is >= 0 and var n
                ? $"nullif(array_to_string(f{n}, '{separator}'), '')"
                : $"nullif({text(name)}, '')");
            return $"left(concat_ws('{separator}', {string.Join(", ", parts)}), {LongestWords})";
        }
    }

    private static IEnumerable<string> Checks(EntitySource source, SqlParameters parameters, Func<string, string> text)
    {
        foreach (var feature in source.Features)
        {
            if (SqlValues.WrongNumber(feature, parameters, text) is not { } wrong)
                continue;
            var says = feature.Flags is not null
                ? parameters.Add($"a column of {feature.Name} is no number")
                : $"concat({parameters.Add($"the {feature.Name} ({feature.Column ?? feature.Name}) is '")}, left(coalesce({text(feature.Column ?? feature.Name)}, ''), 80), {parameters.Add("', expected a number")})";
            yield return $"WHEN {wrong} THEN {says}";
        }
    }

    /// <summary>Rejects the events of whoever stands in no table.</summary>
    public void RejectUnknown(long firstEvent) => database.Execute(
        $"UPDATE events SET problem = concat('the {what[..^1]} is ''', left({column}, 80), ''', which stands in no table of {what}') "
        + $"WHERE rowid >= {firstEvent} AND problem IS NULL AND wanted AND {column} NOT IN (SELECT key FROM {what}_facts)");

    /// <summary>Gives everybody who is needed a row, in <see cref="KeyOrder"/>.</summary>
    /// <returns>How many there are.</returns>
    public long Number(bool keepUnmet)
    {
        database.Execute($"CREATE TABLE {what}_keys AS SELECT DISTINCT {column} AS key FROM events{(keepUnmet ? $" UNION SELECT key FROM {what}_facts" : "")}");
        var texts = database.Number($"SELECT count(*) FROM {what}_keys WHERE NOT (regexp_full_match(key, '[+-]?[0-9]+') AND TRY_CAST(key AS BIGINT) IS NOT NULL)");
        database.Execute(
            $"CREATE TABLE {what}_rows AS SELECT key, CAST(row_number() OVER (ORDER BY {(texts == 0 ? "CAST(key AS BIGINT), " : "")}key) - 1 AS INTEGER) AS row FROM {what}_keys");
        database.Execute($"DROP TABLE {what}_keys");
        return database.Number($"SELECT count(*) FROM {what}_rows");
    }

    public IEnumerable<Apache.Arrow.RecordBatch> Batches()
    {
        string[] words = hasWords ? ["title", "category"] : [];
        return RecordBatches.Of(
            database,
            ["key", .. words, .. _features.Select(f => $"raw.{f.Name}")],
            $"SELECT r.key{string.Concat(words.Select(w => $", coalesce({w}, '')"))}{string.Concat(Columns.Select(c => $", coalesce({c}, [])"))} "
            + $"FROM {what}_rows r LEFT JOIN {what}_facts f ON f.key = r.key ORDER BY r.row");
    }
}
