using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Llm4Msr.Knowledge;

/// <summary>The two tables of a store's file, for a number of states: how they are made, and a row to and from its columns.</summary>
/// <remarks>
/// There is no index: a damaged index hides rows. Short columns come first: what does not fit a page goes on in others.
/// </remarks>
internal sealed class StoreTables(int states)
{
    private static readonly (string Name, string Type)[] s_first =
    [
        ("sequence", "INTEGER PRIMARY KEY"), ("level", "TEXT"), ("id", "TEXT"), ("as_of_rank", "INTEGER"), ("as_of_time", "INTEGER"),
        ("basis", "TEXT"), ("prompt_hash", "TEXT"), ("prompt_tokens", "INTEGER"), ("new_tokens", "INTEGER"), ("cut_items", "INTEGER"), ("text", "TEXT"),
    ];

    private readonly (string Name, string Type)[] _columns =
        [.. s_first, .. Enumerable.Range(0, states).Select(s => (Vector(s), "BLOB")), ("crc", "INTEGER")];

    public string Columns => string.Join(", ", _columns.Select(c => c.Name));

    public string Parameters => string.Join(", ", _columns.Select(c => "$" + c.Name));

    /// <summary>Name and definition of each table, as SQLite keeps them.</summary>
    public (string Name, string Definition)[] Definitions =>
    [
        ("knowledge", $"CREATE TABLE knowledge ({string.Join(", ", _columns.Select(c => $"{c.Name} {c.Type}"))})"),
        ("store", "CREATE TABLE store (fingerprint TEXT, interactions TEXT, records INTEGER, last_sequence INTEGER, content TEXT, crc INTEGER)"),
    ];

    /// <summary>The values of <see cref="Columns"/>, by name.</summary>
    public IEnumerable<(string Parameter, object Value)> Values(StoredRow row, uint checksum)
    {
        var header = row.Header;
        object[] values =
        [
            row.Sequence, Spellings.Of(header.Key.Level), header.Key.Id, header.AsOfRank, header.AsOfTime, header.Basis, header.PromptHash,
            header.PromptTokens, header.NewTokens, header.CutItems, header.Text, .. row.Vectors, (long)checksum,
        ];
        return _columns.Zip(values, (column, value) => ("$" + column.Name, value));
    }

    public (StoredRow Row, uint Checksum) Read(SqliteDataReader reader)
    {
        var column = 1; // after the sequence
        var level = Spellings.Parse<KnowledgeLevel>(reader.GetString(column++), "level");
        var header = new KnowledgeRecord
        {
            Key = new KnowledgeKey(level, reader.GetString(column++)),
            AsOfRank = reader.GetInt64(column++),
            AsOfTime = reader.GetInt64(column++),
            Basis = reader.GetString(column++),
            PromptHash = reader.GetString(column++),
            PromptTokens = reader.GetInt32(column++),
            NewTokens = reader.GetInt32(column++),
            CutItems = reader.GetInt32(column++),
            Text = reader.GetString(column++),
            Vectors = [],
        };
        var vectors = new byte[states][];
        for (var s = 0; s < states; s++)
            vectors[s] = reader.GetFieldValue<byte[]>(column++);
        return (new StoredRow(reader.GetInt64(0), header, vectors), checked((uint)reader.GetInt64(column)));
    }

    private static string Vector(int state) => string.Create(CultureInfo.InvariantCulture, $"vector_{state}");
}
