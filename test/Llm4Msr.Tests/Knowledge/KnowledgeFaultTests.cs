using System.Diagnostics;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;
using Llm4Msr.Testing;
using Microsoft.Data.Sqlite;

namespace Llm4Msr.Tests.Knowledge;

/// <summary>What the machine does to a writer: other processes, a full disk, a commit that fails.</summary>
public sealed class KnowledgeFaultTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    private string Path => _scratch["users.knowledge"];

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void ASecondWriterIsRefusedByNameInLessThanASecondWhileReadersRead()
    {
        using var first = Writer();
        first.Append([Samples.User("1", 1)]);
        var watch = Stopwatch.StartNew();

        var error = Assert.Throws<Llm4MsrException>(() => Writer());

        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 1);
        Assert.StartsWith($"The knowledge store '{Path}' is being written by process {Environment.ProcessId}.", error.Message, StringComparison.Ordinal);
        Assert.Single(Samples.Read(Path));
        first.Append([Samples.User("2", 1)]); // the first is not disturbed
    }

    [Fact]
    public void ARefusedOpeningReleasesTheLock()
    {
        Writer().Dispose();
        Assert.Throws<Llm4MsrException>(() => KnowledgeStore.OpenForWriting(Path, Samples.Fingerprint with { Source = "other" }, Samples.Interactions));

        Writer().Dispose();
    }

    [Fact]
    public void AReadOnlyFileIsReadAndNotWritten()
    {
        Samples.Write(Path, Samples.Many(3));
        File.SetAttributes(Path, FileAttributes.ReadOnly);
        var watch = Stopwatch.StartNew();

        var error = Assert.Throws<Llm4MsrException>(() => Writer());

        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 1);
        Assert.Equal($"The knowledge store '{Path}' is read-only. Make the file writable, or write to a copy.", error.Message);
        Samples.AssertSame(Samples.Many(3), Samples.Read(Path));
        Assert.True(KnowledgeStore.Verify(Path).IsClean);
    }

    [Fact]
    public void AReadOnlyDiskIsReadAndNotWritten()
    {
        using var disk = TinyDisk.Mount(_scratch["disk"], "1m");
        var path = disk["users.knowledge"];
        Samples.Write(path, Samples.Many(3));
        disk.MakeReadOnly();

        var error = Assert.Throws<Llm4MsrException>(() => KnowledgeStore.OpenForWriting(path, Samples.Fingerprint, Samples.Interactions));

        Assert.Equal(FaultKind.ResourceMissing, error.Kind);
        Assert.StartsWith($"The knowledge store '{path}' cannot be written: Read-only file system", error.Message, StringComparison.Ordinal);
        Samples.AssertSame(Samples.Many(3), Samples.Read(path));
    }

    [Fact]
    public void AnInterruptedWriteOnAReadOnlyDiskIsNamed()
    {
        using var disk = TinyDisk.Mount(_scratch["disk"], "1m");
        var path = disk["users.knowledge"];
        Samples.Write(path, Samples.Many(20, Samples.WideFingerprint), Samples.WideFingerprint);
        var (file, journal) = Samples.InterruptedWrite(path);
        File.WriteAllBytes(path, file);
        File.WriteAllBytes(path + "-journal", journal);
        disk.MakeReadOnly();

        var error = Assert.Throws<Llm4MsrException>(() => KnowledgeStore.OpenForReading(path));

        Assert.Equal(FaultKind.ResourceMissing, error.Kind);
        Assert.Contains("copy them (and a file '-journal' beside it) to where they are", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFullDiskStopsTheWriterAndLosesNothingThatWasAcknowledged()
    {
        using var disk = TinyDisk.Mount(_scratch["disk"], "256k");
        var path = disk["users.knowledge"];
        List<KnowledgeRecord> acknowledged = [];
        Llm4MsrException? error = null;
        using (var store = KnowledgeStore.OpenForWriting(path, Samples.Fingerprint, Samples.Interactions))
        {
            for (var n = 0; error is null; n++)
            {
                var batch = Enumerable.Range(0, 10).Select(i => Samples.User($"{n}-{i}", 1)).ToList();
                try
                {
                    store.Append(batch);
                    acknowledged.AddRange(batch);
                }
                catch (Llm4MsrException e)
                {
                    error = e;
                }
            }
            AssertStopped(store);
        }

        Assert.Equal(FaultKind.ResourceMissing, error.Kind);
        Assert.StartsWith($"The knowledge store '{path}' has no room left on its disk", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("Free some space, then run the command again: it goes on where it stopped.", error.Message, StringComparison.Ordinal);
        Samples.AssertSame(acknowledged, Samples.Read(path));
        Assert.True(KnowledgeStore.Verify(path).IsClean);

        disk.Resize("1m");
        using var resumed = KnowledgeStore.OpenForWriting(path, Samples.Fingerprint, Samples.Interactions);
        resumed.Append([Samples.User("after", 1)]);
        Assert.Equal(acknowledged.Count + 1, resumed.Count);
    }

    [Fact]
    public void ACommitThatFailsStopsTheWriterForGood()
    {
        using var store = KnowledgeStore.OpenForWriting(Path, Samples.Fingerprint, Samples.Interactions, waitSeconds: 1);
        store.Append([Samples.User("1", 1)]);

        Llm4MsrException error;
        using (Holding("BEGIN; SELECT count(*) FROM knowledge")) // a reader that does not let go: rows go in, the commit does not
            error = Assert.Throws<Llm4MsrException>(() => store.Append([Samples.User("2", 1)]));

        Assert.Equal(FaultKind.ResourceMissing, error.Kind);
        Assert.StartsWith($"The knowledge store '{Path}' is held by another program", error.Message, StringComparison.Ordinal);
        AssertStopped(store);
        Samples.AssertSame([Samples.User("1", 1)], Samples.Read(Path));
        Assert.Throws<Llm4MsrException>(() => Writer()); // still the one writer, until it is closed
        store.Dispose();
        Writer().Dispose();
    }

    [Fact]
    public void AStoreChangedUnderItsWriterIsNotWritten()
    {
        using var store = Writer();
        store.Append([Samples.User("1", 1)]);
        Holding("UPDATE store SET crc = crc + 1").Dispose();

        var error = Assert.Throws<Llm4MsrException>(() => store.Append([Samples.User("2", 1)]));

        Assert.Contains("is damaged: it was changed by another program while it was written.", error.Message, StringComparison.Ordinal);
        AssertStopped(store);
    }

    [Fact]
    public void AWriteAheadLogIsNeverWritten()
    {
        Samples.Write(Path, Samples.Many(3));
        using (Holding("PRAGMA journal_mode=WAL; BEGIN; SELECT count(*) FROM knowledge"))
            Assert.Equal(FaultKind.ResourceMissing, Assert.Throws<Llm4MsrException>(() => KnowledgeStore.OpenForWriting(Path, Samples.Fingerprint, Samples.Interactions, waitSeconds: 1)).Kind);

        Samples.Write(Path, [Samples.User("new", 1)]); // the other program is gone, and so is its log

        Assert.False(File.Exists(Path + "-wal"));
        Assert.Equal(10, Samples.Read(Path).Count);
    }

    [Fact]
    public async Task AReaderWaitsForACommit()
    {
        Samples.Write(Path, Samples.Many(3));
        var holding = Holding("BEGIN EXCLUSIVE");
        var releasing = Task.Delay(1300, TestContext.Current.CancellationToken).ContinueWith(_ => holding.Dispose(), TaskScheduler.Default);

        Samples.AssertSame(Samples.Many(3), Samples.Read(Path));

        await releasing;
    }

    [Fact]
    public void AReaderDoesNotWaitForEver()
    {
        Samples.Write(Path, Samples.Many(3));
        using var holding = Holding("BEGIN EXCLUSIVE");

        var error = Assert.Throws<Llm4MsrException>(() => KnowledgeStore.OpenForReading(Path, waitSeconds: 1));

        Assert.Equal(FaultKind.ResourceMissing, error.Kind);
    }

    [Fact]
    public void AStoreOpenedForReadingIsNotWritten()
    {
        Samples.Write(Path, Samples.Many(3));
        using var store = KnowledgeStore.OpenForReading(Path);

        Assert.Throws<InvalidOperationException>(() => store.Append([Samples.User("new", 1)]));
    }

    [Fact]
    public void AClosedStoreDoesNotCallItselfDamaged()
    {
        Samples.Write(Path, Samples.Many(3));
        var store = KnowledgeStore.OpenForReading(Path);
        store.Dispose();

        Assert.Throws<ObjectDisposedException>(() => store.Newest(KnowledgeKey.ForUser("1")));
        Assert.Throws<ObjectDisposedException>(() => store.Records().Count());
    }

    private KnowledgeStore Writer() => KnowledgeStore.OpenForWriting(Path, Samples.Fingerprint, Samples.Interactions);

    private static void AssertStopped(KnowledgeStore store)
    {
        var again = Assert.Throws<Llm4MsrException>(() => store.Append([Samples.User("later", 1)]));
        Assert.Equal($"Writing the knowledge store '{store.Path}' stopped at an earlier error. Run the command again: it goes on where it stopped.", again.Message);
        Assert.Equal(FaultKind.ResourceMissing, again.Kind);
    }

    /// <summary>Another program in the middle of a transaction.</summary>
    private SqliteConnection Holding(string sql)
    {
        var connection = new SqliteConnection($"Data Source={Path};Pooling=False");
        connection.Open();
        new SqliteCommand(sql, connection).ExecuteNonQuery();
        return connection;
    }
}
