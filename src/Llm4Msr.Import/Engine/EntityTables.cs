using Llm4Msr.Data;
using Llm4Msr.Import.Configuration;

namespace Llm4Msr.Import.Engine;

/// <summary>The table of users or of items: what the files say about each, in the order of rows once it is known who is needed.</summary>
/// <param name="what">"users" or "items", the name of the table in the database, in which an entity's row is its rowid.</param>
/// <param name="column">Of the table of events: u or i.</param>
internal sealed class EntityTables(DuckDb database, string what, string column, IReadOnlyList<EntitySource> sources, bool hasWords)
{
    private const int LongestWords = 1000;

    private readonly FeatureSource[] _features = [.. sources.SelectMany(s => s.Features).DistinctBy(f => f.Name)];

    public string What => what;

    /// <summary>The features of all files, in the order in which they are first named; they are the columns f0, f1, ….</summary>
    public IReadOnlyList<FeatureSource> Features => _features;

    /// <summary>Whether all ids are whole numbers, by which they are then ordered.</summary>
    public bool HasNumbers { get; private set; }

    private IEnumerable<string> Columns => _features.Select((_, k) => $"f{k}");

    private string[] Words => hasWords ? ["title", "category"] : [];

    /// <summary>The values of a feature as a list, for rules that look at it.</summary>
    public string ListOf(string feature)
    {
        var k = Array.FindIndex(_features, f => f.Name == feature);
        return SqlValues.IsList(_features[k]) ? $"f{k}" : SqlValues.ListOf($"f{k}");
    }

    /// <summary>Reads all files; of an id that stands on several lines the first counts and the others are rejected.</summary>
    public IEnumerable<SourceRows> Read(Func<string, FileFormat, SourceFile> open, Rejects rejects)
    {
        database.Execute($"CREATE TABLE {what}_facts (key VARCHAR{string.Concat(_features.Select((f, n) => $", f{n} VARCHAR{(SqlValues.IsList(f) ? "[]" : "")}"))}, title VARCHAR, category VARCHAR, problem VARCHAR)");
        foreach (var source in sources)
        {
            string[] words = [.. source.Title.Concat(source.Category).Where(name => _features.All(f => f.Name != name))];
            var file = open(source.File, source.Format).Require([source.Key, .. words, .. source.Features.SelectMany(f => f.Columns)]);
            var parameters = new SqlParameters();
            string Text(string name) => file.Text(name, parameters);
            var features = _features.Select((f, n) => $"{Values(f, source.Features.FirstOrDefault(own => own.Name == f.Name), parameters, Text)} AS f{n}");
            var select = $"SELECT key{string.Concat(Columns.Select(c => $", {c}"))}, {Joined(source.Title, " ", Text)}, {Joined(source.Category, "/", Text)}, "
                + $"CASE WHEN {file.IsNoObject} THEN {parameters.Add(SourceFile.NoObject)} WHEN key = '' THEN {parameters.Add($"the id ({source.Key}) is empty")} {string.Join(' ', Checks(source, parameters, Text))} END "
                + $"FROM (SELECT *, coalesce({Text(source.Key)}, '') AS key{string.Concat(features.Select(f => $", {f}"))} FROM {file.From(parameters, SourceFile.NoRows)})";
            var first = database.Number($"SELECT count(*) FROM {what}_facts");
            file.Execute($"INSERT INTO {what}_facts {select}", parameters);
            if (database.Number($"SELECT count(*) - count(DISTINCT key) FROM {what}_facts") > 0)
            {
                database.Execute(
                    $"UPDATE {what}_facts SET problem = concat('the id ''', key, ''' stands on an earlier line too') WHERE rowid >= {first} AND problem IS NULL "
                    + $"AND rowid NOT IN (SELECT min(rowid) FROM {what}_facts GROUP BY key)");
            }
            var (read, rejected) = rejects.Collect(source.File, file, source.Rows, $"{what}_facts", first, SourceFile.NoRows);
            file.ForgetRejects(SourceFile.NoRows);
            yield return new SourceRows(source.File, read, read - rejected, rejected, 0, 0);
        }
        database.Execute($"DELETE FROM {what}_facts WHERE problem IS NOT NULL");

        string Joined(IReadOnlyList<string> names, string separator, Func<string, string> text)
        {
            if (names.Count == 0)
                return "''";
            var parts = names.Select(name => Array.FindIndex(_features, f => f.Name == name) is >= 0 and var n
                ? SqlValues.IsList(_features[n]) ? $"nullif(array_to_string(f{n}, '{separator}'), '')" : $"f{n}"
                : $"nullif({text(name)}, '')");
            return $"left(concat_ws('{separator}', {string.Join(", ", parts)}), {LongestWords})";
        }
    }

    /// <param name="own">The feature as the file has it; null where it does not.</param>
    private static string Values(FeatureSource feature, FeatureSource? own, SqlParameters parameters, Func<string, string> text) =>
        own is null ? SqlValues.IsList(feature) ? "[]" : "NULL"
        : SqlValues.IsList(feature) ? SqlValues.List(own, parameters, text)
        : SqlValues.One(own, parameters, text);

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

    /// <summary>Why the tables are of no use, where they are: none of those in the events stands in them.</summary>
    public string? Problem()
    {
        return sources.Count == 0 || AnyStands("(FROM events LIMIT 1000)") || AnyStands("events") ? null // nearly always the first few tell
            : $"None of the {what} in the interactions stands in {string.Join(", ", sources.Select(s => s.File))}: nothing is known of them. Is the file whole, and are the ids spelled alike?";

        bool AnyStands(string events) => database.Number($"SELECT count(*) FROM (SELECT 1 FROM {what}_facts WHERE key IN (SELECT {column} FROM {events}) LIMIT 1)") > 0;
    }

    /// <summary>That prompts name none of those in the events, where it is so.</summary>
    public string? NoWords() => database.Number($"SELECT count(*) FROM (SELECT 1 FROM {what}_facts WHERE (title <> '' OR category <> '') AND key IN (SELECT {column} FROM events) LIMIT 1)") > 0
        ? null
        : "No item has a title or a category: prompts cannot say what users liked. For knowledge, name a table of items with 'title' and 'category' in the configuration.";

    /// <summary>Gives everybody who is needed a row, in <see cref="KeyOrder"/>.</summary>
    public void Number(bool keepUnmet)
    {
        database.Execute($"CREATE TABLE {what}_keys AS SELECT DISTINCT {column} AS key FROM events{(keepUnmet ? $" UNION SELECT key FROM {what}_facts" : "")}");
        HasNumbers = SqlOrder.AreNumbers(database, $"{what}_keys", "key");
        database.Execute(
            $"CREATE TABLE {what} AS SELECT k.key{string.Concat(Words.Select(w => $", coalesce({w}, '') AS {w}"))}"
            + $"{string.Concat(_features.Select((f, n) => $", {(SqlValues.IsList(f) ? $"coalesce(f{n}, [])" : $"f{n}")} AS f{n}"))} "
            + $"FROM {what}_facts f RIGHT JOIN {what}_keys k ON k.key = f.key ORDER BY {SqlOrder.Of("k.key", HasNumbers)}");
        database.Execute($"DROP TABLE {what}_keys");
        database.Execute($"DROP TABLE {what}_facts");
    }

    public IEnumerable<Apache.Arrow.RecordBatch> Batches() => RecordBatches.Of(
        ["key", .. Words, .. _features.Select(f => $"raw.{f.Name}")],
        RawBatch.Rows,
        database.Stream($"SELECT key{string.Concat(Words.Concat(_features.Select((f, n) => SqlValues.IsList(f) ? $"f{n}" : SqlValues.ListOf($"f{n}"))).Select(c => $", {c}"))} FROM {what}"));
}
