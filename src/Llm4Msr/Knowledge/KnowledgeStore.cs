using Llm4Msr.Platform;

namespace Llm4Msr.Knowledge;

/// <summary>
/// What the language model said, kept in one file: records of one fingerprint, made from one set of interactions. Records
/// are only ever added, so an interrupted run goes on where it stopped.
/// </summary>
/// <remarks>
/// Which interaction may see which record is decided by the protocol (<c>KnowledgeVisibility</c>), never here.
/// A reader sees the store as it was when it was opened. Not for several threads at once, and while it is open nothing else
/// of the same process may open the file: closing it would drop the locks that SQLite holds.
/// </remarks>
public sealed class KnowledgeStore : IDisposable
{
    private readonly KnowledgeStoreFile _file;
    private readonly WriterLock? _writerLock;
    private readonly Dictionary<string, string> _contents = new(StringComparer.Ordinal); // by training part, since the last append
    private KnowledgeIndex? _index;
    private bool _stopped;

    private KnowledgeStore(KnowledgeStoreFile file, WriterLock? writerLock)
    {
        _file = file;
        _writerLock = writerLock;
    }

    public string Path => _file.Path;

    public KnowledgeFingerprint Fingerprint => _file.Fingerprint;

    /// <summary>Hash of the prepared interactions that the knowledge was made from.</summary>
    public string InteractionsHash => _file.Head.InteractionsHash;

    public long Count => _file.Head.Records;

    /// <summary>About how large the file of a store is that holds so many records.</summary>
    /// <param name="textBytes">Of one text, in the mean.</param>
    public static long EstimatedBytes(KnowledgeFingerprint fingerprint, long users, long scenarios, double textBytes)
    {
        const double Columns = 120, Filled = 0.95; // prompt hash, key, numbers; pages are never quite full
        var values = fingerprint.States.Count * (users * fingerprint.UserWidth + scenarios * fingerprint.ScenarioWidth);
        return StoreFormat.EmptyBytes + (long)((values * StoredVector.BytesPerValue(fingerprint.Precision) + (users + scenarios) * (Columns + textBytes)) / Filled);
    }

    /// <summary>The same for the same records, whatever the order in which they were appended.</summary>
    public string ContentHash => _file.Head.Content.ToString();

    /// <summary>
    /// The content hash without scenario knowledge of other training parts: what data of this part read of the store. It
    /// stays the same when a store that several splits share is asked about another of them.
    /// </summary>
    /// <param name="basis">Hash of the training part.</param>
    public string ContentFor(string basis)
    {
        if (!_contents.TryGetValue(basis, out var content))
        {
            content = _file.ScenariosOfOtherParts(basis).Aggregate(_file.Head.Content, (sum, row) => sum - Hash256.Of(row.CanonicalBytes)).ToString();
            _contents[basis] = content;
        }
        return content;
    }

    /// <summary>Whether a table was read from what this store holds.</summary>
    public bool IsSourceOf(KnowledgeOrigin origin) => ContentFor(origin.Basis) == origin.ContentHash;

    /// <summary>
    /// Makes a store or goes on with one, as its only writer. A store of another fingerprint or of other interactions is
    /// refused, and so is one that another process is writing.
    /// </summary>
    /// <param name="waitSeconds">How long an append waits for readers of other programs that hold the file.</param>
    public static KnowledgeStore OpenForWriting(string path, KnowledgeFingerprint fingerprint, string interactionsHash, int waitSeconds = 60)
    {
        fingerprint.Check();
        path = System.IO.Path.GetFullPath(path);
        if (File.Exists(path) && File.GetAttributes(path).HasFlag(FileAttributes.ReadOnly))
            throw new Llm4MsrException(FaultKind.ResourceMissing, $"The knowledge store '{path}' is read-only. Make the file writable, or write to a copy.");

        var writerLock = WriterLock.Acquire(path, "knowledge store");
        KnowledgeStoreFile? file = null;
        try
        {
            if (!File.Exists(path))
                KnowledgeStoreFile.Create(path, fingerprint, interactionsHash);
            file = KnowledgeStoreFile.Open(path, writing: true, waitSeconds);
            RequireFingerprint(file, fingerprint);
            RequireInteractions(file, interactionsHash);
            var store = new KnowledgeStore(file, writerLock);
            _ = store.Index; // a damaged store must not grow
            return store;
        }
        catch
        {
            file?.Dispose();
            writerLock.Dispose();
            throw;
        }
    }

    /// <param name="waitSeconds">How long to wait for a commit of the writer.</param>
    public static KnowledgeStore OpenForReading(string path, int waitSeconds = 10) =>
        new(KnowledgeStoreFile.Open(System.IO.Path.GetFullPath(path), writing: false, waitSeconds), writerLock: null);

    /// <summary>
    /// Appends the records in one transaction. When this returns they are on the disk, whatever happens then; when the
    /// transaction fails nothing of it is stored, and this writer stops for good.
    /// </summary>
    public void Append(IReadOnlyList<KnowledgeRecord> batch)
    {
        if (_writerLock is null)
            throw new InvalidOperationException($"The knowledge store '{Path}' was opened for reading.");
        RefuseIfStopped();
        foreach (var record in batch)
        {
            if (record.ProblemUnder(Fingerprint) is { } problem)
                throw new Llm4MsrException(FaultKind.BadInput, problem);
        }
        RefuseRepeated(batch);

        var head = _file.Head;
        var rows = batch.Select((record, i) => StoredRow.Of(head.LastSequence + 1 + i, record, Fingerprint.Precision)).ToList();
        var next = head with
        {
            Records = head.Records + rows.Count,
            LastSequence = head.LastSequence + rows.Count,
            Content = rows.Aggregate(head.Content, (sum, row) => sum + Hash256.Of(row.CanonicalBytes)),
        };
        try
        {
            _file.Append(rows, next);
        }
        catch
        {
            _stopped = true;
            _file.Dispose(); // and so the transaction is rolled back
            throw;
        }
        rows.ForEach(Index.Add);
        _contents.Clear();
    }

    /// <summary>Whether this very snapshot is stored, so that a second run over unchanged data asks nothing.</summary>
    public bool Contains(KnowledgeKey key, long asOfRank, string basis, string promptHash)
    {
        var hash = Hash256.Parse(promptHash);
        return Index.Of(key).Any(s => s.AsOfRank == asOfRank && s.Basis == basis && s.PromptHash == hash);
    }

    /// <summary>
    /// The newest record of the same prompt, or null: where a later snapshot's prompt did not change, this answers it.
    /// </summary>
    public KnowledgeRecord? FindByPrompt(KnowledgeKey key, string promptHash)
    {
        var hash = Hash256.Parse(promptHash);
        return Index.Of(key).Where(s => s.PromptHash == hash).Select(Read).FirstOrDefault();
    }

    /// <summary>The record with the highest rank, of several the one appended last; null where there is none.</summary>
    public KnowledgeRecord? Newest(KnowledgeKey key) => RecordsOf(key).FirstOrDefault();

    /// <summary>All records of a key, the highest rank first, of several of one rank the one appended last; each is read when it is reached.</summary>
    public IEnumerable<KnowledgeRecord> RecordsOf(KnowledgeKey key) =>
        Index.Of(key).OrderByDescending(s => s.AsOfRank).Select(Read);

    /// <summary>
    /// All records in the order in which they were appended, each checked as it is read; the last step checks that they
    /// are all there.
    /// </summary>
    public IEnumerable<KnowledgeRecord> Records() => Scan().Select(row => row.ToRecord(Fingerprint.Precision));

    /// <summary>Reads the whole store and says all that is wrong with it. Damage is a finding here, not an error.</summary>
    public static KnowledgeVerification Verify(string path, int waitSeconds = 10) => KnowledgeVerification.Of(System.IO.Path.GetFullPath(path), waitSeconds);

    public void Dispose()
    {
        _file.Dispose();
        _writerLock?.Dispose();
    }

    internal IReadOnlyList<IndexedSnapshot> Snapshots => Index.Snapshots;

    internal KnowledgeRecord Read(IndexedSnapshot snapshot) => _file.Read(snapshot.Key, snapshot.Sequence).ToRecord(Fingerprint.Precision);

    internal IEnumerable<StoredRow> Scan()
    {
        RefuseIfStopped();
        return _file.Scan();
    }

    private KnowledgeIndex Index
    {
        get
        {
            RefuseIfStopped();
            if (_index is null)
            {
                var index = new KnowledgeIndex();
                foreach (var row in _file.Scan())
                    index.Add(row);
                _index = index;
            }
            return _index;
        }
    }

    /// <summary>Refuses a store whose knowledge is not comparable with that of <paramref name="fingerprint"/>.</summary>
    public void RequireFingerprint(KnowledgeFingerprint fingerprint) => RequireFingerprint(_file, fingerprint);

    /// <summary>Refuses a store of other interactions.</summary>
    public void RequireInteractions(string interactionsHash) => RequireInteractions(_file, interactionsHash);

    private static void RequireFingerprint(KnowledgeStoreFile file, KnowledgeFingerprint fingerprint)
    {
        if (file.Fingerprint.DifferencesTo(fingerprint) is { Count: > 0 } differences)
        {
            throw new Llm4MsrException(FaultKind.Damaged, $"The knowledge store '{file.Path}' holds knowledge that is not comparable with what is to be added: "
                + $"{string.Join("; ", differences)}. Name another file for it, or use the settings of this store."
                + (file.Fingerprint.Version < fingerprint.Version ? " Stores of its version do not say with which system message they were made: this one can be read and trained with, but not gone on with." : ""));
        }
    }

    private static void RequireInteractions(KnowledgeStoreFile file, string interactionsHash)
    {
        if (file.Head.InteractionsHash != interactionsHash)
        {
            throw new Llm4MsrException(FaultKind.Damaged, $"The knowledge store '{file.Path}' was made from other interactions: their hash is "
                + $"{file.Head.InteractionsHash}, not {interactionsHash}. Name another file, or use the data that it was made from. "
                + "Where only interactions came in, a new store takes over what did not change: 'llm4msr reason ... --reuse THIS --out NEW'.");
        }
    }

    private void RefuseRepeated(IReadOnlyList<KnowledgeRecord> batch)
    {
        var seen = new HashSet<(KnowledgeKey, long, string, string)>();
        foreach (var record in batch)
        {
            if (!seen.Add((record.Key, record.AsOfRank, record.Basis, record.PromptHash)) || Contains(record.Key, record.AsOfRank, record.Basis, record.PromptHash))
                throw new ArgumentException($"The knowledge of {record.Key} as of rank {record.AsOfRank} from this prompt is stored already; ask Contains first.", nameof(batch));
        }
    }

    private void RefuseIfStopped()
    {
        if (_stopped)
            throw new Llm4MsrException(FaultKind.ResourceMissing, $"Writing the knowledge store '{Path}' stopped at an earlier error. Run the command again: it goes on where it stopped.");
    }
}
