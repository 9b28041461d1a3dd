using DuckDB.NET.Native;
using Llm4Msr.Platform;

namespace Llm4Msr.Import.Engine;

/// <summary>What a database may use.</summary>
/// <param name="Memory">Bytes before it spills to disk.</param>
/// <param name="Folder">For its file and for what it spills.</param>
/// <param name="Files">The only files outside of that folder that it may read.</param>
internal sealed record DuckDbLimits(long Memory, int Threads, string Folder, IReadOnlyList<string> Files);

/// <summary>
/// An embedded DuckDB with its tables in a file, so that they may be larger than its memory. It is locked down: no network,
/// no extensions beyond those compiled in, no file but the named ones, and none of this can be changed by a statement.
/// </summary>
internal sealed class DuckDb : IDisposable
{
    private readonly DuckDBDatabase _database;
    private readonly DuckDBNativeConnection _connection;
    private readonly string _folder;
    private readonly string _file;
    private readonly string _spilled;

    public DuckDb(DuckDbLimits limits)
    {
        _folder = limits.Folder;
        _file = Path.Combine(_folder, "tables.duckdb");
        _spilled = Path.Combine(_folder, "spilled");
        using (var config = Configured())
        {
            if (NativeMethods.Startup.DuckDBOpen(_file, out _database, config, out var error) != DuckDBState.Success)
                throw Failed(error) as Llm4MsrException ?? new Llm4MsrException(FaultKind.ResourceMissing, $"DuckDB cannot be started: {error}");
        }
        if (NativeMethods.Startup.DuckDBConnect(_database, out _connection) != DuckDBState.Success)
            throw new Llm4MsrException(FaultKind.ResourceMissing, "DuckDB cannot connect to its own database. Run the command again.");
        Execute("PRAGMA disable_checkpoint_on_shutdown"); // the file is not read again
        foreach (var setting in new[]
        {
            FormattableString.Invariant($"memory_limit = '{limits.Memory / 1024} KiB'"),
            FormattableString.Invariant($"threads = {limits.Threads}"),
            $"temp_directory = {Literal(_spilled)}",
            "TimeZone = 'UTC'",
            "preserve_insertion_order = true", // a row's place in its file is known by its place in the table
            $"allowed_paths = [{string.Join(", ", limits.Files.SelectMany(f => new[] { Pattern(f), f }).Distinct().Select(Literal))}]",
            "enable_external_access = false",
            "lock_configuration = true",
        })
            Execute($"SET {setting}");
    }

    /// <summary>Runs a statement whose result is of no interest.</summary>
    public void Execute(string sql, params IReadOnlyList<object> parameters)
    {
        foreach (var _ in Stream(sql, parameters))
        {
        }
    }

    /// <summary>The rows of a short answer: whole numbers as long, texts as string, booleans as bool, nothing as null.</summary>
    public IReadOnlyList<object?[]> Rows(string sql, params IReadOnlyList<object> parameters) =>
        [.. Stream(sql, parameters).SelectMany(chunk => Enumerable.Range(0, chunk.Rows).Select(row => chunk.Columns.Select(column => column.Value(row)).ToArray()).ToList())];

    public long Number(string sql, params IReadOnlyList<object> parameters) => Convert.ToInt64(Rows(sql, parameters)[0][0] ?? 0L, null);

    /// <summary>The rows of an answer of any size, a few thousand at a time; a chunk is valid until the next one.</summary>
    public IEnumerable<Chunk> Stream(string sql, params IReadOnlyList<object> parameters)
    {
        using var statement = Prepare(sql, parameters);
        Check(NativeMethods.PreparedStatements.DuckDBExecutePreparedStreaming(statement, out var result), ref result);
        try
        {
            while (true)
            {
                using var chunk = NativeMethods.StreamingResult.DuckDBStreamFetchChunk(result);
                if (chunk.IsInvalid || NativeMethods.DataChunks.DuckDBDataChunkGetSize(chunk) == 0)
                    break;
                yield return new Chunk(chunk);
            }
            if (ErrorOf(ref result) is { Length: > 0 } error)
                throw Failed(error);
        }
        finally
        {
            NativeMethods.Query.DuckDBDestroyResult(ref result);
        }
    }

    /// <summary>Adds rows of whole numbers to a table of INTEGER columns.</summary>
    public void Append(string table, IEnumerable<int[]> rows)
    {
        if (NativeMethods.Appender.DuckDBAppenderCreate(_connection, null!, table, out var appender) != DuckDBState.Success)
            throw new InvalidOperationException($"There is no table '{table}'.");
        using (appender)
        {
            foreach (var row in rows)
            {
                foreach (var number in row)
                    NativeMethods.Appender.DuckDBAppendInt32(appender, number);
                NativeMethods.Appender.DuckDBAppenderEndRow(appender);
            }
            if (NativeMethods.Appender.DuckDBAppenderClose(appender) != DuckDBState.Success)
                throw Failed($"IO Error: The table '{table}' takes no more rows.");
        }
    }

    /// <summary>Stops whatever runs, from another thread.</summary>
    public void Interrupt() => NativeMethods.Startup.DuckDBInterrupt(_connection);

    /// <summary>Closes the database and removes what it left in its folder.</summary>
    public void Dispose()
    {
        _connection.Dispose();
        _database.Dispose();
        File.Delete(_file);
        File.Delete(_file + ".wal");
        if (Directory.Exists(_spilled))
            Directory.Delete(_spilled, recursive: true);
    }

    /// <summary>A path as the readers of files take it: for a pattern, in which the characters that stand for others mean themselves.</summary>
    public static string Pattern(string path) => string.Concat(path.Select(c => c is '*' or '?' or '[' ? $"[{c}]" : c.ToString()));

    private static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    private static DuckDBConfig Configured()
    {
        NativeMethods.Configuration.DuckDBCreateConfig(out var config);
        foreach (var (name, value) in new[]
        {
            ("autoinstall_known_extensions", "false"), ("autoload_known_extensions", "false"), ("allow_community_extensions", "false"),
            ("allow_persistent_secrets", "false"),
        })
            NativeMethods.Configuration.DuckDBSetConfig(config, name, value);
        return config;
    }

    private DuckDBPreparedStatement Prepare(string sql, IReadOnlyList<object> parameters)
    {
        if (NativeMethods.PreparedStatements.DuckDBPrepare(_connection, sql, out var statement) != DuckDBState.Success)
        {
            var error = NativeMethods.PreparedStatements.DuckDBPrepareError(statement);
            statement.Dispose();
            throw Failed(error);
        }
        for (var k = 0; k < parameters.Count; k++)
        {
            _ = parameters[k] switch
            {
                string text => NativeMethods.PreparedStatements.DuckDBBindVarchar(statement, k + 1, text),
                long number => NativeMethods.PreparedStatements.DuckDBBindInt64(statement, k + 1, number),
                int number => NativeMethods.PreparedStatements.DuckDBBindInt32(statement, k + 1, number),
                double number => NativeMethods.PreparedStatements.DuckDBBindDouble(statement, k + 1, number),
                bool flag => NativeMethods.PreparedStatements.DuckDBBindBoolean(statement, k + 1, flag),
                var other => throw new ArgumentException($"A parameter is a {other.GetType().Name}.", nameof(parameters)),
            };
        }
        return statement;
    }

    private void Check(DuckDBState state, ref DuckDBResult result)
    {
        if (state == DuckDBState.Success)
            return;
        var error = ErrorOf(ref result);
        NativeMethods.Query.DuckDBDestroyResult(ref result);
        throw Failed(error);
    }

    private static string ErrorOf(ref DuckDBResult result) => NativeMethods.Query.DuckDBResultError(ref result) ?? "";

    private Exception Failed(string error) => DuckDbErrors.Of(error, _folder);
}
