using System.Net;
using System.Net.Sockets;
using Llm4Msr.Import.Engine;
using Llm4Msr.Testing;

namespace Llm4Msr.Import.Tests;

/// <summary>What no statement can do in the database of an import, whoever smuggled it in.</summary>
public sealed class LockDownTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();
    private readonly DuckDb _database;

    public LockDownTests()
    {
        File.WriteAllText(_scratch["named.csv"], "secret\nopen\n");
        File.WriteAllText(_scratch["other.csv"], "secret\nno\n");
        Directory.CreateDirectory(_scratch["spill"]);
        _database = new DuckDb(new DuckDbLimits(1L << 29, 1, _scratch["spill"], [_scratch["named.csv"]]));
    }

    public void Dispose()
    {
        _database.Dispose();
        _scratch.Dispose();
    }

    [Fact]
    public void TheNamedFileIsRead() => Assert.Equal("open", _database.Rows("SELECT secret FROM read_csv($1)", _scratch["named.csv"])[0][0]);

    [Theory]
    [InlineData("SELECT * FROM read_csv('{0}/other.csv')"), InlineData("SELECT * FROM read_text('/etc/passwd')"), InlineData("SELECT * FROM read_blob('/proc/self/environ')")]
    [InlineData("SELECT * FROM '{0}/other.csv'"), InlineData("SELECT * FROM glob('{0}/*')"), InlineData("SELECT * FROM read_csv('{0}/*.csv')")]
    [InlineData("SELECT * FROM read_json('{0}/spill/../other.csv')"), InlineData("SELECT * FROM read_parquet('{0}/other.csv')")]
    [InlineData("COPY (SELECT 1) TO '{0}/written.csv'"), InlineData("COPY (SELECT 1) TO '{0}/named.csv'"), InlineData("COPY (SELECT 1) TO '{0}/spill/written.csv'")]
    [InlineData("ATTACH '{0}/written.db'"), InlineData("EXPORT DATABASE '{0}/written'"), InlineData("CREATE TABLE t (a INTEGER); COPY t FROM '{0}/other.csv'")]
    public void NoOtherFileIsReadOrWritten(string sql)
    {
        var before = Files();

        Assert.ThrowsAny<Exception>(() => _database.Rows(string.Format(System.Globalization.CultureInfo.InvariantCulture, sql, _scratch.Root)));

        Assert.Equal(before, Files());
    }

    [Fact]
    public void NothingReachesTheNetwork()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        foreach (var sql in new[] { "SELECT * FROM read_csv('http://127.0.0.1:{0}/x.csv')", "ATTACH 'http://127.0.0.1:{0}/x.db'", "INSTALL httpfs FROM 'http://127.0.0.1:{0}'", "INSTALL x FROM community", "SELECT * FROM read_parquet('s3://127.0.0.1:{0}/x')" })
            Assert.ThrowsAny<Exception>(() => _database.Rows(string.Format(System.Globalization.CultureInfo.InvariantCulture, sql, port)));

        Assert.False(listener.Pending());
    }

    [Theory]
    [InlineData("INSTALL httpfs"), InlineData("LOAD httpfs"), InlineData("LOAD '/tmp/x.duckdb_extension'"), InlineData("FORCE INSTALL spatial")]
    public void NoExtensionIsLoaded(string sql) => Assert.Contains("Permission Error", Assert.ThrowsAny<DuckDbException>(() => _database.Rows(sql)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("enable_external_access", "false"), InlineData("lock_configuration", "true"), InlineData("autoinstall_known_extensions", "false"), InlineData("autoload_known_extensions", "false")]
    [InlineData("allow_community_extensions", "false"), InlineData("allow_unsigned_extensions", "false"), InlineData("allow_persistent_secrets", "false"), InlineData("threads", "1"), InlineData("memory_limit", "512.0 MiB")]
    public void NoStatementLoosensASetting(string setting, string expected)
    {
        foreach (var sql in new[] { $"SET {setting} = true", $"SET GLOBAL {setting} = '64'", $"RESET {setting}", $"PRAGMA {setting} = 1" })
            Assert.ThrowsAny<Exception>(() => _database.Rows(sql));

        Assert.Equal(expected, _database.Rows("SELECT value FROM duckdb_settings() WHERE name = $1", setting)[0][0]);
    }

    [Theory]
    [InlineData("allowed_paths", "named.csv"), InlineData("allowed_directories", "spill/spilled/")]
    public void OnlyTheNamedPlacesAreAllowed(string setting, string expected)
    {
        Assert.ThrowsAny<Exception>(() => _database.Rows($"SET {setting} = ['/']"));

        var allowed = _database.Rows($"SELECT unnest(value::VARCHAR[]) FROM duckdb_settings() WHERE name = '{setting}'").Select(row => Path.GetRelativePath(_scratch.Root, (string)row[0]!))
            .Where(path => !path.StartsWith("spill/tables.duckdb", StringComparison.Ordinal)); // its own file and log
        Assert.Equal([expected.TrimEnd('/')], allowed.Select(path => path.TrimEnd('/')));
    }

    private SortedDictionary<string, string> Files() => Imports.Hashes(_scratch.Root);
}
