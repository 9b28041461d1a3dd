using Llm4Msr.Import.Configuration;
using Llm4Msr.Platform;

namespace Llm4Msr.Import.Engine;

/// <summary>A file of the logs: which columns it has, and how a statement reads it, every value as text.</summary>
internal sealed class SourceFile
{
    /// <summary>What the table for rows that are none is called, of the file that is being read.</summary>
    public const string NoRows = "no_rows";

    private const int LongestLine = 1 << 24, LongestList = 1000;
    private const string NoCharacter = "\u0001"; // stands in no JSON text, so a line of it is one field

    private readonly FileKind _kind;
    private readonly string _separator;
    private readonly string _quote;
    private readonly FileEncoding _encoding;
    private readonly bool _hasHeader;
    private readonly Dictionary<string, int> _places;
    private readonly HashSet<int> _nested = [];
    private readonly DuckDb _database;
    private readonly int _blankLinesBeforeHeader;

    private SourceFile(string path, FileKind kind, FileFormat format, FileEncoding encoding, IReadOnlyList<string> columns, DuckDb database)
    {
        Path = path;
        _kind = kind;
        _separator = SeparatorOf(kind, format);
        _quote = format.Quote;
        _encoding = encoding;
        _hasHeader = format.Columns is null;
        Columns = columns;
        _database = database;
        if (IsDelimited && _hasHeader)
            _blankLinesBeforeHeader = SourceText.Readable(path, () => Lines().TakeWhile(record => record.Blank).Count());
        _places = [];
        for (var k = 0; k < columns.Count; k++)
        {
            if (!_places.TryAdd(columns[k], k))
                throw new Llm4MsrException(FaultKind.BadInput, $"{path}: two columns are called '{columns[k]}'. Name the columns in the configuration (format.columns).");
        }
    }

    public string Path { get; }

    /// <summary>As the file or the configuration names them; of JSON lines those of the first lines.</summary>
    public IReadOnlyList<string> Columns { get; }

    /// <summary>Whether rows are lines: a row's line can be told, and the reader keeps lines that are no rows apart, in a table of rejects.</summary>
    public bool HasLines => _kind != FileKind.Parquet;

    /// <summary>Whether it is text with separators, of which there could be others.</summary>
    public bool IsDelimited => _kind is FileKind.Csv or FileKind.Tsv;

    public static SourceFile Open(string path, FileFormat format, DuckDb database)
    {
        if (!File.Exists(path))
            throw new Llm4MsrException(FaultKind.BadInput, $"There is no file '{path}'. Correct its name, or get it.");
        var kind = KindOf(path, format);
        if (kind == FileKind.Parquet)
        {
            var described = SourceText.Readable(path, () => database.Rows("SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet($1, hive_partitioning = false))", DuckDb.Pattern(path)));
            var file = new SourceFile(path, kind, format, FileEncoding.Utf8, [.. described.Select(c => (string)c[0]!)], database);
            for (var k = 0; k < described.Count; k++)
            {
                if (((string)described[k][1]!) is var type && (type.EndsWith(']') || type.StartsWith("STRUCT", StringComparison.Ordinal) || type.StartsWith("MAP", StringComparison.Ordinal)))
                    file._nested.Add(k);
            }
            return file;
        }

        var encoding = SourceText.EncodingOf(path, format.Encoding);
        if (new FileInfo(path).Length == 0)
            throw new Llm4MsrException(FaultKind.BadInput, $"{path} is empty. Get it again.");
        if (kind == FileKind.JsonLines)
            return new SourceFile(path, kind, format, encoding, SourceText.JsonNames(path, encoding), database);
        var columns = format.Columns ?? SourceText.Header(path, encoding, SeparatorOf(kind, format), format.Quote);
        if (columns.Count == 0)
            throw new Llm4MsrException(FaultKind.BadInput, $"{path} is empty. Get it again.");
        return new SourceFile(path, kind, format, encoding, columns, database);
    }

    /// <summary>Refuses a file that lacks columns, all of them at once.</summary>
    public SourceFile Require(IEnumerable<string> columns)
    {
        string[] missing = [.. columns.Distinct().Where(c => !_places.ContainsKey(c))];
        if (missing.Length > 0 && _kind == FileKind.JsonLines)
            missing = InNoLine(missing);
        if (missing.Length == 0)
            return this;
        var separator = IsDelimited && Columns.Count == 1 ? " Is the separator right (format.separator)?" : "";
        var have = Columns.Count == 0 ? "No line at its beginning is a JSON object."
            : $"{(_kind == FileKind.JsonLines ? "Its first lines have" : "The file has")}: {string.Join(", ", Columns).Shortened(LongestList)}.";
        throw new Llm4MsrException(FaultKind.BadInput,
            $"{Path}: there is no column {string.Join(", ", missing.Select(m => $"'{m}'"))}. {have}"
            + $"{Nearest.Hint(missing[0], Columns)}{separator}");
    }

    /// <summary>Of columns that the first lines lack, those that all others lack too.</summary>
    private string[] InNoLine(string[] columns)
    {
        const string Rejects = "looked_through";
        var parameters = new SqlParameters();
        var found = columns.Select(c => $"coalesce(bool_or(json_exists(o, {parameters.Add(JsonPath(c))})), false)");
        var row = Read(() => _database.Rows($"SELECT {string.Join(", ", found)} FROM {From(parameters, Rejects)}", parameters.Values)[0]);
        ForgetRejects(Rejects);
        return [.. columns.Where((_, k) => row[k] is false)];
    }

    /// <summary>The rows as a relation called <c>r</c>, in the file's order.</summary>
    /// <param name="rejects">Name of the table for rows that are none.</param>
    public string From(SqlParameters parameters, string rejects)
    {
        if (_kind == FileKind.Parquet)
            return $"read_parquet({parameters.Add(DuckDb.Pattern(Path))}, hive_partitioning = false) AS r({string.Join(", ", Columns.Select((_, k) => $"c{k}"))})";
        var json = _kind == FileKind.JsonLines;
        var options = string.Join(", ",
            "auto_detect = false",
            $"delim = {parameters.Add(json ? NoCharacter : _separator)}",
            $"quote = {parameters.Add(json ? "" : _quote)}",
            $"escape = {parameters.Add(json ? "" : _quote)}",
            "comment = ''",
            $"header = {(!json && _hasHeader ? "true" : "false")}",
            FormattableString.Invariant($"skip = {_blankLinesBeforeHeader}"),
            $"columns = {{{string.Join(", ", (json ? [""] : Columns).Select((_, k) => $"'c{k}': 'VARCHAR'"))}}}",
            $"encoding = '{_encoding switch { FileEncoding.Utf16 => "utf-16", FileEncoding.Latin1 => "latin-1", _ => "utf-8" }}'",
            $"max_line_size = {LongestLine}",
            "hive_partitioning = false", // a folder's name is no column
            $"buffer_size = {2 * LongestLine}", // else sixteen lines, of which there are several
            "strict_mode = true",
            "store_rejects = true",
            $"rejects_table = '{rejects}'",
            $"rejects_scan = '{rejects}_scan'");
        var rows = $"read_csv({parameters.Add(DuckDb.Pattern(Path))}, {options})";
        return json ? $"(SELECT c0, CASE WHEN json_valid(c0) AND json_type(c0) = 'OBJECT' THEN c0 END AS o FROM {rows} WHERE c0 <> '') AS r" : $"{rows} AS r";
    }

    /// <summary>Drops what <see cref="From"/> made for rows that are none.</summary>
    /// <param name="rejects">Its name.</param>
    public void ForgetRejects(string rejects)
    {
        if (!HasLines)
            return;
        _database.Execute($"DROP TABLE {rejects}");
        _database.Execute($"DROP TABLE {rejects}_scan");
    }

    /// <summary>The text of a column; null where it is missing.</summary>
    public string Text(string column, SqlParameters parameters) =>
        _kind == FileKind.JsonLines ? $"json_extract_string(o, {parameters.Add(JsonPath(column))})"
        : _nested.Contains(_places[column]) ? $"CAST(to_json(c{_places[column]}) AS VARCHAR)"
        : _kind == FileKind.Parquet ? $"CAST(c{_places[column]} AS VARCHAR)"
        : $"c{_places[column]}";

    /// <summary>Why a row is rejected.</summary>
    public const string NoObject = "it is no JSON object";

    /// <summary>Whether a line of JSON lines is no object: it is a row, and what it holds nobody can say.</summary>
    public string IsNoObject => _kind == FileKind.JsonLines ? "o IS NULL" : "false";

    /// <summary>A whole row as text, for people.</summary>
    public string RowText() => _kind == FileKind.JsonLines
        ? "c0"
        : $"concat_ws(', ', {string.Join(", ", Columns.Select((_, k) => _nested.Contains(k) ? $"CAST(to_json(c{k}) AS VARCHAR)" : $"coalesce(CAST(c{k} AS VARCHAR), '')"))})";

    /// <summary>
    /// The line of everything that the reader counts: rows, rows that are none, the header, and blank lines, which are rows only
    /// where a row is a single field.
    /// </summary>
    public IEnumerable<(long Line, bool IsRow)> Records()
    {
        var header = IsDelimited && _hasHeader;
        foreach (var (line, blank, _) in Lines())
        {
            yield return (line, !header && (!blank || IsDelimited && Columns.Count == 1));
            header &= blank;
        }
    }

    private static string JsonPath(string column) => $"$.\"{column.Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    private IEnumerable<(long Line, bool Blank, LineEnd End)> Lines()
    {
        using var text = SourceText.Open(Path, _encoding);
        foreach (var record in RecordLines.Of(text, IsDelimited ? _separator : NoCharacter, IsDelimited ? _quote : ""))
            yield return record;
    }

    private static string SeparatorOf(FileKind kind, FileFormat format) => format.Separator ?? (kind == FileKind.Tsv ? "\t" : ",");

    private static FileKind KindOf(string path, FileFormat format)
    {
        var name = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path;
        return format.Kind ?? System.IO.Path.GetExtension(name).ToLowerInvariant() switch
        {
            ".csv" => FileKind.Csv,
            ".tsv" or ".tab" => FileKind.Tsv,
            ".jsonl" or ".json" or ".ndjson" => FileKind.JsonLines,
            ".parquet" or ".pq" => FileKind.Parquet,
            var ending => throw new Llm4MsrException(FaultKind.BadInput,
                $"{path}: what kind of file is '{ending}'? Say it in the configuration: format.kind is csv, tsv, json-lines or parquet."),
        };
    }

    /// <summary>Runs a statement that reads this file; what the reader cannot make of the file is named with it.</summary>
    public void Execute(string sql, SqlParameters parameters) => Read(() =>
    {
        _database.Execute(sql, parameters.Values);
        return true;
    });

    private T Read<T>(Func<T> read)
    {
        try
        {
            return SourceText.Readable(Path, read);
        }
        catch (Llm4MsrException e) when (e.InnerException is DuckDbException && HasLines && OfTwoEnds() is { } problem)
        {
            throw new Llm4MsrException(FaultKind.BadInput, $"{Path}: {problem}. Make all lines end alike, for example with dos2unix.", e);
        }
    }

    /// <summary>Where lines end in two ways, which the reader does not take.</summary>
    private string? OfTwoEnds()
    {
        (long Line, LineEnd End)? before = null;
        foreach (var (line, _, end) in Lines().Where(record => record.End != LineEnd.None))
        {
            if (before is { } other && other.End != end)
                return FormattableString.Invariant($"line {other.Line} ends with {NameOf(other.End)}, line {line} with {NameOf(end)}");
            before = (line, end);
        }
        return null;

        static string NameOf(LineEnd end) => end switch { LineEnd.CrLf => "CR LF", LineEnd.Cr => "CR", _ => "LF" };
    }
}
