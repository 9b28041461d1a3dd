using System.Globalization;
using System.Text.Json.Serialization;
using Llm4Msr.Import.Configuration;
using Llm4Msr.Import.Engine;
using Llm4Msr.Platform;

namespace Llm4Msr.Import;

/// <summary>What one column of a file looks like.</summary>
/// <param name="Missing">Rows without a value.</param>
/// <param name="Distinct">How many different values: exactly where <paramref name="Frequent"/> has all of them, else about.</param>
/// <param name="Numbers">Share of the values that are numbers.</param>
/// <param name="Dates">Share of the values that are dates.</param>
/// <param name="Least">Of the numbers, if nearly all values are; else by their characters.</param>
/// <param name="Frequent">The most frequent values first: all of them where there are at most <see cref="MostListed"/>, else three.</param>
/// <param name="Role">What the proposed configuration takes it for.</param>
public sealed record ColumnProfile(
    string Name, long Missing, long Distinct, double Numbers, double Dates, string Least, string Greatest, IReadOnlyList<string> Frequent, string Role = "")
{
    internal const int MostListed = 20;
    internal const double NearlyAll = 0.95; // some values of every log are broken

    internal bool AreNumbers => Numbers >= NearlyAll;

    internal bool AreDates => Dates >= NearlyAll;

    /// <summary>Whether <see cref="Frequent"/> has all values.</summary>
    [JsonIgnore]
    public bool IsCounted => Distinct <= MostListed;
}

/// <summary>A file as it is found, and how it could be imported.</summary>
/// <param name="Rows">Looked at; a large file is looked at as far as <see cref="MostRows"/>.</param>
/// <param name="NoRows">Lines among them that are no rows.</param>
/// <param name="Notes">What the proposal guesses, and what it could not.</param>
public sealed record FileProfile(
    string File, long Rows, long NoRows, IReadOnlyList<ColumnProfile> Columns, ImportConfiguration Configuration, IReadOnlyList<string> Notes)
{
    public const int MostRows = 1_000_000;

    private const int ListedOfMany = 3;

    private static readonly string[] s_separators = [";", "\t", "|", "::"]; // beside the comma

    /// <param name="path">A CSV, TSV, JSON lines or Parquet file.</param>
    /// <param name="scratch">Empty folder for the database.</param>
    public static FileProfile Of(string path, string scratch, long memory, int threads)
    {
        path = Path.GetFullPath(path);
        using var database = new DuckDb(new DuckDbLimits(memory / 2, threads, scratch, [path]));
        var (file, format) = WithMostColumns(path, database);
        var parameters = new SqlParameters();
        var texts = file.Columns.Select((name, k) => $"{file.Text(name, parameters)} AS v{k}");
        var select = $"SELECT {string.Join(", ", texts.Append($"{file.IsNoObject} AS is_none"))} FROM {file.From(parameters, SourceFile.NoRows)} LIMIT {MostRows}";
        file.Execute($"CREATE TABLE looked_at AS {select}", parameters);
        var noRows = database.Number("SELECT count(*) FROM looked_at WHERE is_none") + (file.HasLines ? database.Number($"SELECT count(DISTINCT line) FROM {SourceFile.NoRows}") : 0);
        database.Execute("DELETE FROM looked_at WHERE is_none");
        var rows = database.Number("SELECT count(*) FROM looked_at");
        if (rows == 0)
            throw new Llm4MsrException(FaultKind.BadInput, $"{path} has no rows{(noRows > 0 ? FormattableString.Invariant($": none of its {noRows:N0} lines is one") : "")}. Get it again.");
        var (configuration, roles, notes) = ImportProposal.Of(Path.GetFileName(path), format, [.. file.Columns.Select((name, k) => Column(database, name, $"v{k}", rows))]);
        if (rows == MostRows)
            notes = [$"Only the first {MostRows:N0} rows were looked at.", .. notes];
        return new FileProfile(path, rows, noRows, roles, configuration, notes);
    }

    /// <summary>Of a delimited file the separator is the one that gives the most columns.</summary>
    private static (SourceFile, FileFormat) WithMostColumns(string path, DuckDb database)
    {
        var plain = (File: SourceFile.Open(path, new FileFormat(), database), Format: new FileFormat());
        if (!plain.File.IsDelimited)
            return plain;
        var others = s_separators.Select(separator => new FileFormat { Separator = separator })
            .Select(format => (File: SourceFile.Open(path, format, database), Format: format));
        return others.Prepend(plain).MaxBy(candidate => candidate.File.Columns.Count);
    }

    private static ColumnProfile Column(DuckDb database, string name, string column, long rows)
    {
        var found = database.Rows(
            $"SELECT count(nullif({column}, '')), approx_count_distinct(nullif({column}, '')), count({SqlValues.Number(column)}), "
            + $"count(CASE WHEN {SqlValues.Number(column)} IS NULL THEN TRY_CAST({column} AS TIMESTAMPTZ) END), "
            + $"min({SqlValues.Number(column)}), max({SqlValues.Number(column)}), left(min(nullif({column}, '')), 40), left(max({column}), 40) FROM looked_at")[0];
        var (present, numbers, dates) = ((long)found[0]!, (long)found[2]!, (long)found[3]!);
        var numeric = Share(numbers) >= ColumnProfile.NearlyAll;
        var frequent = Frequent(database, column);
        var areAll = frequent.Count <= ColumnProfile.MostListed;
        return new ColumnProfile(
            name, rows - present, areAll ? frequent.Count : Math.Max((long)found[1]!, frequent.Count), Share(numbers), Share(dates),
            Shown(numeric ? found[4] : found[6]), Shown(numeric ? found[5] : found[7]), areAll ? frequent : frequent[..ListedOfMany]);

        double Share(long count) => present == 0 ? 0 : Math.Round((double)count / present, 4);
        static string Shown(object? value) => value is double number ? number.ToString("R", CultureInfo.InvariantCulture) : (value as string ?? "").ReplaceLineEndings(" ");
    }

    /// <summary>The most frequent values, one more than are listed. Texts may be long, so that their hashes are counted, and only these few are read.</summary>
    private static List<string> Frequent(DuckDb database, string column) =>
    [
        .. database.Rows(
            $"SELECT l.{column} FROM looked_at l JOIN (SELECT min(rowid) AS first, count(*) AS n FROM looked_at WHERE {column} <> '' GROUP BY md5_number({column}) "
            + $"ORDER BY n DESC, first LIMIT {ColumnProfile.MostListed + 1}) f ON l.rowid = f.first ORDER BY f.n DESC, f.first").Select(row => (string)row[0]!),
    ];
}
