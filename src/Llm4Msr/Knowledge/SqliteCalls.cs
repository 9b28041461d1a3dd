using System.Data;
using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Llm4Msr.Knowledge;

/// <summary>The few calls to SQLite that a store makes, each as short as its SQL.</summary>
internal static class SqliteCalls
{
    /// <param name="waitSeconds">How long every call waits for others that hold the file.</param>
    public static SqliteConnection Connect(string path, SqliteOpenMode mode, int waitSeconds)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(waitSeconds); // 0 would mean for ever
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = mode,
            Pooling = false, // a store that was closed is closed
            DefaultTimeout = waitSeconds,
        }.ToString());
        try
        {
            connection.Open();
            // SQLite's own waiting looks again after milliseconds, the connection's (DefaultTimeout) after 150 of them.
            connection.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA busy_timeout={1000L * waitSeconds}; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON"));
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <returns>How many rows were changed.</returns>
    public static int Execute(this SqliteConnection connection, string sql, params (string, object)[] parameters)
    {
        using var command = connection.Command(sql, parameters);
        return command.ExecuteNonQuery();
    }

    public static List<T> Rows<T>(this SqliteConnection connection, string sql, Func<SqliteDataReader, T> read, params (string, object)[] parameters)
    {
        using var command = connection.Command(sql, parameters);
        using var reader = command.ExecuteReader();
        List<T> rows = [];
        while (reader.Read())
            rows.Add(read(reader));
        return rows;
    }

    private static SqliteCommand Command(this SqliteConnection connection, string sql, (string, object)[] parameters)
    {
        ObjectDisposedException.ThrowIf(connection.State != ConnectionState.Open, connection);
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
            command.Parameters.AddWithValue(name, value);
        return command;
    }
}
