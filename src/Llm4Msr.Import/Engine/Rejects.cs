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
        List<Reject> own = [];
        if (file.KeepsRejects)
        {
            foreach (var row in database.Rows(
                $"SELECT line, min(CAST(error_type AS VARCHAR)), any_value(csv_line), min(error_message) FROM {noRows} GROUP BY line ORDER BY line"))
                own.Add(new Reject(name, (long)row[0]!, Shape((string)row[1]!, (string)row[3]!), ((string?)row[2] ?? "").TrimEnd('\r', '\n')));
        }
        var shapeless = own.Select(r => r.Line).ToArray();
        own.AddRange(Unusable(name, file, table, firstRow, shapeless));
        own.Sort((a, b) => a.Line.CompareTo(b.Line));
        _all.AddRange(own);

        var read = database.Number($"SELECT count(*) FROM {table} WHERE rowid >= {firstRow}") + shapeless.Length;
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

    /// <summary>
    /// Rows that were read but mean nothing. The file is read again for their texts and lines, which costs time only where
    /// there are any.
    /// </summary>
    private List<Reject> Unusable(string name, SourceFile file, string table, long firstRow, long[] shapeless)
    {
        database.Execute($"CREATE OR REPLACE TABLE unusable AS SELECT rowid - {firstRow} AS n, problem FROM {table} WHERE rowid >= {firstRow} AND problem IS NOT NULL");
        if (database.Number("SELECT count(*) FROM unusable") == 0)
            return [];
        var parameters = new SqlParameters();
        database.Execute(
            $"CREATE OR REPLACE TABLE again AS SELECT n, text, ends FROM (SELECT row_number() OVER () - 1 AS n, {file.RowText()} AS text, "
            + $"CAST({(file.HasQuotes ? file.LineEndsWithin() : "0")} AS BIGINT) AS ends FROM {file.From(parameters, "again_rejects")}) "
            + "WHERE ends > 0 OR n IN (SELECT n FROM unusable)", parameters.Values);
        if (file.KeepsRejects)
        {
            database.Execute("DROP TABLE again_rejects");
            database.Execute("DROP TABLE again_rejects_scan");
        }

        List<Reject> rejects = [];
        var (extra, apart) = (0L, 0);
        foreach (var row in database.Rows("SELECT n, ends, unusable.problem, left(text, 4000) FROM again LEFT JOIN unusable USING (n) ORDER BY n"))
        {
            // Its line: the rows before it, line ends inside of their quotes, and rows that the reader kept apart.
            var line = file.FirstLine + (long)row[0]! + extra;
            while (apart < shapeless.Length && shapeless[apart] <= line + apart)
                apart++;
            extra += (long)row[1]!;
            if (row[2] is string problem)
                rejects.Add(new Reject(name, line + apart, problem, (string?)row[3] ?? ""));
        }
        return rejects;
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
