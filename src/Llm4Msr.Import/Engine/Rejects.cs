using System.Text;
using Llm4Msr.Platform;

namespace Llm4Msr.Import.Engine;

/// <summary>Rows that cannot be used.</summary>
/// <param name="Line">In the file; of a format without lines the row, both from 1.</param>
internal sealed record Reject(string File, long Line, string Reason, string Text);

/// <summary>Collects what was rejected of every file, and stops the import where it is too much.</summary>
/// <param name="most">Share of a file's rows.</param>
/// <param name="path">Where <see cref="Write"/> will be told to write them, for the message.</param>
internal sealed class Rejects(DuckDb database, double most, string path)
{
    private const int LongestText = 2000, ShownInMessage = 3;
    private const int MostOfTooMany = 10_000; // a file of another kind may have hundreds of millions, and each takes memory

    private readonly List<Reject> _all = [];

    public IReadOnlyList<Reject> All => _all;

    /// <summary>Reads the rejects of a file that was just read: all of them, or where they are too many the first few.</summary>
    /// <param name="name">The file as the configuration spells it.</param>
    /// <param name="expected">How many rows the file has, where that is known.</param>
    /// <param name="table">Has a row for every row of the file, in its order, with a column <c>problem</c>.</param>
    /// <param name="firstRow">The row of the table where the file begins.</param>
    /// <param name="noRows">The reader's own table, for lines that are no rows.</param>
    /// <returns>Rows read, the rejected ones included, and rejected.</returns>
    public (long Read, long Rejected) Collect(string name, SourceFile file, long? expected, string table, long firstRow, string noRows)
    {
        database.Execute($"CREATE OR REPLACE TABLE unusable AS SELECT rowid - {firstRow} AS n, problem FROM {table} WHERE rowid >= {firstRow} AND problem IS NOT NULL");
        var shapeless = file.HasLines ? database.Number($"SELECT count(DISTINCT line) FROM {noRows}") : 0;
        var rejected = shapeless + database.Number("SELECT count(*) FROM unusable");
        var read = shapeless + database.Number($"SELECT count(*) FROM {table} WHERE rowid >= {firstRow}");
        var areTooMany = rejected > most * read;
        var first = (int)Math.Min(rejected, areTooMany ? MostOfTooMany : int.MaxValue);
        List<Reject> own = first == 0 ? [] : [.. Located(name, file, file.HasLines ? Shapeless(noRows, first) : [], Unusable(file, first)).Take(first)];
        _all.AddRange(own);
        if (areTooMany)
        {
            throw new Llm4MsrException(FaultKind.BadInput,
                FormattableString.Invariant($"{file.Path}: {rejected} of {read} rows cannot be used, more than the {100 * most:0.##} % allowed. ")
                + string.Join(" ", own.Take(ShownInMessage).Select(r => FormattableString.Invariant($"{(file.HasLines ? "Line" : "Row")} {r.Line}: {r.Reason}.")))
                + $" {(first < rejected ? FormattableString.Invariant($"The first {first:N0}") : "All")} of them, with line and reason, are in {path}."
                + " Correct the file or its description, or allow more with --max-rejected.");
        }
        if (expected is not null && expected != read)
            throw new Llm4MsrException(FaultKind.BadInput, $"{file.Path}: {read} rows, expected {expected}. The file was cut or changed: get it again.");
        return (read, rejected);
    }

    /// <summary>Writes all of them as a CSV file.</summary>
    public static void Write(string path, IReadOnlyList<Reject> rejects) => DurableFile.Write(path, stream =>
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        writer.WriteLine("file,line,reason,text");
        foreach (var reject in rejects)
            writer.WriteLine(FormattableString.Invariant($"{Quoted(reject.File)},{reject.Line},{Quoted(reject.Reason)},{Quoted(reject.Text.Shortened(LongestText))}"));
    });

    /// <summary>The first rows that are none, by their place among all that the reader counts, from 1.</summary>
    private SortedDictionary<long, (string Reason, string Text)> Shapeless(string noRows, int first)
    {
        SortedDictionary<long, (string, string)> found = [];
        foreach (var row in database.Rows(
            $"SELECT line, min(CAST(error_type AS VARCHAR)), any_value(csv_line), min(error_message) FROM {noRows} GROUP BY line ORDER BY line LIMIT {first}"))
            found.Add((long)row[0]!, (Shape((string)row[1]!, (string)row[3]!), ((string?)row[2] ?? "").Trim('\r', '\n')));
        return found;
    }

    /// <summary>
    /// The first rows that were read but mean nothing, by their place among the rows, from 0. The file is read again for their texts,
    /// which costs time only where there are any.
    /// </summary>
    private SortedDictionary<long, (string Reason, string Text)> Unusable(SourceFile file, int first)
    {
        SortedDictionary<long, (string, string)> found = [];
        database.Execute($"CREATE OR REPLACE TABLE told AS SELECT * FROM unusable ORDER BY n LIMIT {first}");
        if (database.Number("SELECT count(*) FROM told") == 0)
            return found;
        var parameters = new SqlParameters();
        database.Execute(
            $"CREATE OR REPLACE TABLE again AS SELECT n, text FROM (SELECT row_number() OVER () - 1 AS n, {file.RowText()} AS text FROM {file.From(parameters, "again_rejects")}) "
            + "WHERE n IN (SELECT n FROM told)", parameters.Values);
        file.ForgetRejects("again_rejects");
        foreach (var row in database.Rows("SELECT n, problem, left(text, 4000) FROM told LEFT JOIN again USING (n)"))
            found.Add((long)row[0]!, ((string)row[1]!, (string?)row[2] ?? ""));
        return found;
    }

    /// <summary>Both kinds with their lines; of a format without lines the line is the row.</summary>
    private static IEnumerable<Reject> Located(
        string name, SourceFile file, SortedDictionary<long, (string Reason, string Text)> shapeless, SortedDictionary<long, (string Reason, string Text)> unusable)
    {
        if (!file.HasLines)
            return unusable.Select(u => new Reject(name, u.Key + 1, u.Value.Reason, u.Value.Text));
        return shapeless.Count + unusable.Count == 0 ? [] : ByLine();

        IEnumerable<Reject> ByLine()
        {
            var (records, rows, told) = (0L, 0L, 0);
            foreach (var (line, isRow) in file.Records())
            {
                if (shapeless.TryGetValue(++records, out var found) || isRow && unusable.TryGetValue(rows++, out found))
                {
                    told++;
                    yield return new Reject(name, line, found.Reason, found.Text);
                }
            }
            if (told != shapeless.Count + unusable.Count)
                throw new InvalidOperationException($"{file.Path}: {shapeless.Count + unusable.Count} rows are rejected, but the lines of {told} were found.");
        }
    }

    private static string Shape(string type, string message) => type switch
    {
        "MISSING COLUMNS" => "the row has too few fields",
        "TOO MANY COLUMNS" => "the row has too many fields",
        "UNQUOTED VALUE" => "a quote is not closed",
        "INVALID ENCODING" or "INVALID UNICODE" => "the text is not in the file's encoding",
        "LINE SIZE OVER MAXIMUM" => "the row is longer than 16 MiB",
        _ => message.Split('\n', 2)[0].TrimEnd('.'),
    };

    private static string Quoted(string value) => value.AsSpan().IndexOfAny(",\"\r\n") < 0 ? value : $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
