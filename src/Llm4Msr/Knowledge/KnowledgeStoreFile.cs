using Llm4Msr.Platform;
using Microsoft.Data.Sqlite;

namespace Llm4Msr.Knowledge;

/// <summary>
/// The SQLite file of a store. SQLite does not notice a flipped bit, so every row and the store's own description carry a
/// checksum, and the description says how many rows there are and what they add up to.
/// </summary>
/// <remarks>
/// A rollback journal, not a write-ahead log: SQLite takes a log that is damaged in its middle for a shorter history.
/// Rows are read in short transactions of some rows each, so that no reader holds up the writer; rows are only ever
/// added, so they still add up to what the store held when it was opened.
/// </remarks>
internal sealed class KnowledgeStoreFile : IDisposable
{
    private const int RowsAtOnce = 256;

    private readonly SqliteConnection _connection;
    private readonly StoreTables _tables;

    private KnowledgeStoreFile(string path, SqliteConnection connection)
    {
        Path = path;
        _connection = connection;
        StoreFormat.Check(path, connection);
        Head = ReadHead();
        Fingerprint = KnowledgeFingerprint.FromJson(Head.Fingerprint, path);
        _tables = new StoreTables(Fingerprint.States.Count);
        CheckTables();
    }

    public string Path { get; }

    /// <summary>As of the opening, or of the last append through this object.</summary>
    public StoreHead Head { get; private set; }

    public KnowledgeFingerprint Fingerprint { get; }

    /// <summary>Makes an empty store under another name and gives it its own when it is on the disk.</summary>
    public static void Create(string path, KnowledgeFingerprint fingerprint, string interactionsHash)
    {
        Leftovers.Clear(path);
        var temporary = Leftovers.NameFor(path);
        try
        {
            SqliteFaults.Guarded(path, () =>
            {
                StoreFormat.WriteEmpty(temporary, fingerprint, StoreHead.Empty(fingerprint, interactionsHash));
                File.Move(temporary, path);
            });
            DurableFile.SyncFolder(System.IO.Path.GetDirectoryName(path)!);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <param name="waitSeconds">How long to wait for others that hold the file.</param>
    public static KnowledgeStoreFile Open(string path, bool writing, int waitSeconds)
    {
        if (!File.Exists(path))
            throw new Llm4MsrException(FaultKind.BadInput, $"There is no knowledge store '{path}'. Make one with 'llm4msr reason', or name another.");
        return SqliteFaults.Guarded(path, () =>
        {
            StoreFormat.CheckUntouched(path, waitSeconds);
            // For reading too: after a crash, SQLite has to roll the last transaction back. Where it cannot write it only reads.
            var connection = SqliteCalls.Connect(path, SqliteOpenMode.ReadWrite, waitSeconds);
            try
            {
                connection.Execute(writing ? "PRAGMA journal_mode=TRUNCATE; PRAGMA synchronous=EXTRA" : "PRAGMA query_only=ON");
                return new KnowledgeStoreFile(path, connection);
            }
            catch
            {
                connection.Dispose();
                throw;
            }
        });
    }

    /// <summary>Every row of the store in the order of their sequences, each checked, and at the end all of them together.</summary>
    /// <param name="finding">Takes what is damaged, in words; a damaged row is not returned.</param>
    public IEnumerable<StoredRow> Scan(Action<string> finding)
    {
        var head = Head;
        long last = 0, found = 0;
        var content = default(Hash256);
        IReadOnlyList<CheckedRow> rows;
        do
        {
            rows = Select("sequence > $after AND sequence <= $last ORDER BY sequence LIMIT $limit",
                ("$after", last), ("$last", head.LastSequence), ("$limit", RowsAtOnce));
            foreach (var (sequence, row, problem) in rows)
            {
                if (sequence <= last)
                {
                    finding($"sequence {sequence} stands after sequence {last}");
                    yield break;
                }
                last = sequence;
                found++;
                if (row is null)
                {
                    finding(problem!);
                    continue;
                }
                content += Hash256.Of(row.CanonicalBytes);
                yield return row;
            }
        }
        while (rows.Count == RowsAtOnce);

        if (found != head.Records)
            finding($"it holds {found} rows, expected {head.Records}");
        else if (content != head.Content)
            finding($"its rows have the content hash {content}, expected {head.Content}");
    }

    /// <summary>As <see cref="Scan(Action{string})"/>; the first finding is thrown.</summary>
    public IEnumerable<StoredRow> Scan() => Scan(finding => throw SqliteFaults.Damaged(Path, finding));

    /// <summary>One row, which must be there and whole.</summary>
    public StoredRow Read(KnowledgeKey key, long sequence) => Select("sequence = $sequence", ("$sequence", sequence)) switch
    {
        [{ Row: { } row }] => row,
        [var damaged] => throw SqliteFaults.Damaged(Path, damaged.Problem!),
        _ => throw SqliteFaults.Damaged(Path, $"the row of {key}, sequence {sequence}, is gone"),
    };

    /// <summary>The rows of scenarios that were made from other training parts than <paramref name="basis"/>, each checked.</summary>
    public IEnumerable<StoredRow> ScenariosOfOtherParts(string basis) =>
        Select("level = $level AND basis <> $basis AND sequence <= $last", ("$level", Spellings.Of(KnowledgeLevel.Scenario)), ("$basis", basis), ("$last", Head.LastSequence))
            .Select(checkedRow => checkedRow.Row ?? throw SqliteFaults.Damaged(Path, checkedRow.Problem!));

    /// <summary>
    /// Appends rows and the head that describes the store with them, all or nothing. When this returns they are on the disk;
    /// when it throws, this object must not be used again.
    /// </summary>
    public void Append(IReadOnlyList<StoredRow> rows, StoreHead next) => SqliteFaults.Guarded(Path, () =>
    {
        _connection.Execute("BEGIN IMMEDIATE");
        foreach (var row in rows)
        {
            _connection.Execute($"INSERT INTO knowledge ({_tables.Columns}) VALUES ({_tables.Parameters})",
                [.. _tables.Values(row, row.Checksum(Head.FingerprintHash))]);
        }
        var changed = _connection.Execute("UPDATE store SET records = $records, last_sequence = $last, content = $content, crc = $crc WHERE crc = $before",
            [.. next.Changing, ("$before", (long)Head.Checksum())]);
        if (changed != 1)
            throw SqliteFaults.Damaged(Path, "it was changed by another program while it was written");
        _connection.Execute("COMMIT");
        Head = next;
    });

    /// <summary>What SQLite's own check of the file's structure finds.</summary>
    public IEnumerable<string> IntegrityFindings() =>
        SqliteFaults.Guarded(Path, () => _connection.Rows("PRAGMA integrity_check", r => r.GetString(0)))
            .Where(line => line != "ok").Select(line => $"SQLite's integrity check says '{line}'");

    public void Dispose() => _connection.Dispose();

    private readonly record struct CheckedRow(long Sequence, StoredRow? Row, string? Problem);

    private List<CheckedRow> Select(string condition, params (string, object)[] parameters) =>
        SqliteFaults.Guarded(Path, () => _connection.Rows($"SELECT {_tables.Columns} FROM knowledge WHERE {condition}", Check, parameters));

    private CheckedRow Check(SqliteDataReader reader)
    {
        var sequence = reader.GetInt64(0);
        try
        {
            var (row, found) = _tables.Read(reader);
            var expected = row.Checksum(Head.FingerprintHash);
            if (found != expected)
                return new(sequence, null, $"the row of {row.Header.Key}, sequence {sequence}, has the checksum {found:x8}, expected {expected:x8}");
            return row.HasWidthsOf(Fingerprint)
                ? new(sequence, row, null)
                : new(sequence, null, $"the vectors of {row.Header.Key}, sequence {sequence}, do not have the fingerprint's widths");
        }
        catch (Exception e) when (e is Llm4MsrException || SqliteFaults.IsUnreadable(e))
        {
            return new(sequence, null, $"the row of sequence {sequence} cannot be read ({e.Message.TrimEnd('.')})");
        }
    }

    private StoreHead ReadHead()
    {
        var heads = _connection.Rows("SELECT fingerprint, interactions, records, last_sequence, content, crc FROM store", r =>
            (Head: new StoreHead(r.GetString(0), r.GetString(1), r.GetInt64(2), r.GetInt64(3), Hash256.Parse(r.GetString(4))), Checksum: r.GetInt64(5)));
        if (heads.Count != 1)
            throw SqliteFaults.Damaged(Path, $"it holds {heads.Count} descriptions of itself, expected 1");
        var (head, found) = heads[0];
        var expected = head.Checksum();
        return found == expected ? head : throw SqliteFaults.Damaged(Path, $"its description has the checksum {found:x8}, expected {expected:x8}");
    }

    private void CheckTables()
    {
        var found = _connection.Rows("SELECT name, sql FROM sqlite_schema ORDER BY name", r => (r.GetString(0), r.GetString(1)));
        if (!found.SequenceEqual(_tables.Definitions))
            throw SqliteFaults.Damaged(Path, $"its tables are '{string.Join("', '", found)}', expected '{string.Join("', '", _tables.Definitions)}'");
    }
}
