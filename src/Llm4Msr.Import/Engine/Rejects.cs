using System.Text;
using Llm4Msr.Platform;

namespace Llm4Msr.Import.Engine;

/// <summary>Rows that cannot be used.</summary>
/// <param name="Line">In the file; of a format without lines the row, both from 1.</param>
internal sealed record Reject(string File, long Line, string Reason, string Text);

/// <summary>Collects what was rejected of every file, and stops the import where it is too much.</summary>
internal sealed class Rejects(DuckDb database, double most)
{
    private const int LongestText = 2000, ShownInMessage = 3;

    private readonly List<Reject> _all = [];

    public IReadOnlyList<Reject> All => _all;

    /// <summary>Reads the rejects of a file that was just read.</summary>
    /// <param name="name">The file as the configuration spells it.</param>
    /// <param name="table">Has a row for every row of the file, in its order, with a column <c>problem</c>.</param>
    /// <param name="firstRow">The row of the table where the file begins.</param>
    /// <returns>Rows read, the rejected ones included, and rejected.</returns>
    public (long Read, long Rejected) Collect(string name, SourceFile file, string table, long firstRow, string noRows)
    {
        var shapeless = file.KeepsRejects ? Shapeless(noRows) : [];
        List<Reject> own = [.. Located(name, file, shapeless, Unusable(file, table, firstRow))];
        _all.AddRange(own);

        var read = database.Number($"SELECT count(*) FROM {table} WHERE rowid >= {firstRow}") + shapeless.Count;
        if (own.Count > most * read)
        {
            throw new Llm4MsrException(FaultKind.BadInput,
                FormattableString.Invariant($"{file.Path}: {own.Count} of {read} rows cannot be used, more than the {most:P0} allowed. ")
                + string.Join(" ", own.Take(ShownInMessage).Select(r => FormattableString.Invariant($"{(file.HasLines ? "Line" : "Row")} {r.Line}: {r.Reason}.")))
                + " Correct the file or its description, or allow more with --max-rejected.");
        }
        return (read, own.Count);
    }

    /// <summary>Writes all of them as a CSV file.</summary>
    public static void Write(string path, IReadOnlyList<Reject> rejects) => DurableFile.Write(path, stream =>
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        writer.WriteLine("file,line,reason,text");
        foreach (var reject in rejects)
            writer.WriteLine(FormattableString.Invariant($"{Quoted(reject.File)},{reject.Line},{Quoted(reject.Reason)},{Quoted(reject.Text.Shortened(LongestText))}"));
    });

    /// <summary>Rows that are none, by their place among all that the reader counts, from 1.</summary>
    private SortedDictionary<long, (string Reason, string Text)> Shapeless(string noRows)
    {
        SortedDictionary<long, (string, string)> found = [];
        foreach (var row in database.Rows(
            $"SELECT line, min(CAST(error_type AS VARCHAR)), any_value(csv_line), min(error_message) FROM {noRows} GROUP BY line"))
            found.Add((long)row[0]!, (Shape((string)row[1]!, (string)row[3]!), ((string?)row[2] ?? "").Trim('\r', '\n')));
        return found;
    }

    /// <summary>
    /// Rows that were read but mean nothing, by their place among the rows, from 0. The file is read again for their texts,
    /// which costs time only where there are any.
    /// </summary>
    private SortedDictionary<long, (string Reason, string Text)> Unusable(SourceFile file, string table, long firstRow)
    {
        SortedDictionary<long, (string, string)> found = [];
        database.Execute($"CREATE OR REPLACE TABLE unusable AS SELECT rowid - {firstRow} AS n, problem FROM {table} WHERE rowid >= {firstRow} AND problem IS NOT NULL");
        if (database.Number("SELECT count(*) FROM unusable") == 0)
            return found;
        var parameters = new SqlParameters();
        database.Execute(
            $"CREATE OR REPLACE TABLE again AS SELECT n, text FROM (SELECT row_number() OVER () - 1 AS n, {file.RowText()} AS text FROM {file.From(parameters, "again_rejects")}) "
            + "WHERE n IN (SELECT n FROM unusable)", parameters.Values);
        if (file.KeepsRejects)
        {
            database.Execute("DROP TABLE again_rejects");
            database.Execute("DROP TABLE again_rejects_scan");
        }
        foreach (var row in database.Rows("SELECT n, problem, left(text, 4000) FROM unusable LEFT JOIN again USING (n)"))
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
