using System.Diagnostics;
using CsCheck;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;
using Llm4Msr.Testing;
using Microsoft.Data.Sqlite;

namespace Llm4Msr.Tests.Knowledge;

public sealed class KnowledgeStoreTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    private string Path => _scratch["users.knowledge"];

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void WhatIsAppendedIsReadToTheLastBit()
    {
        var records = Samples.Many(20);
        records[3] = records[3] with { Text = "naïve \0 \u202E 日本 🙂 \r\n'; DROP TABLE knowledge; --", Key = KnowledgeKey.ForUser("o'Neil\t\0%") };

        Samples.Write(Path, records);

        Samples.AssertSame(records, Samples.Read(Path));
    }

    [Fact]
    public void Fp32IsReadToTheLastBit()
    {
        var wide = Samples.Fingerprint with { Precision = KnowledgePrecision.Fp32 };
        var record = Samples.User("1", 10) with { Vectors = [[1e-40f, -0f, float.Pi, 1e38f, 1, 2, 3, 4], [1, 2, 3, 4, 5, 6, 7, float.Epsilon]] };

        Samples.Write(Path, [record], wide);

        Samples.AssertSame([record], Samples.Read(Path));
    }

    [Fact]
    public void Fp16IsReadAsRounded()
    {
        Samples.Write(Path, [Samples.User("1", 10) with { Vectors = [[0.1f, 1, 2, 3, 4, 5, 6, 7], [65504, 1e-9f, 1, 1, 1, 1, 1, 1]] }]);

        var vectors = Samples.Read(Path)[0].Vectors;

        Assert.Equal([(float)(Half)0.1f, 1, 2, 3, 4, 5, 6, 7], vectors[0]);
        Assert.Equal([65504, 0, 1, 1, 1, 1, 1, 1], vectors[1]);
    }

    [Fact]
    public void TheContentHashDoesNotKnowOrderBatchesOrInterruptions()
    {
        var records = Samples.Many(15);
        Samples.Write(Path, records, batch: 100);
        var hash = Hash(Path);

        Gen.Shuffle(records).Select(Gen.Int[1, 12]).Sample((order, batch) =>
        {
            var path = _scratch[$"{Guid.NewGuid():N}"];
            Samples.Write(path, order.Take(order.Count / 2), batch: batch);
            Samples.Write(path, order.Skip(order.Count / 2), batch: batch);
            Assert.Equal(hash, Hash(path));
        }, iter: 10, threads: 1);
    }

    [Fact]
    public void TheContentHashIsTheSumModulo2To256()
    {
        var (one, most) = (new Hash256(0, 1), new Hash256(UInt128.MaxValue, UInt128.MaxValue));

        Assert.Equal(new Hash256(1, 0), new Hash256(0, UInt128.MaxValue) + one);
        Assert.Equal(default, most + one);
        Assert.Equal(new string('f', 64), most.ToString());
        Assert.Equal(new Hash256(0, UInt128.MaxValue), new Hash256(1, 0) - one);
        Assert.Equal(most, default(Hash256) - one);
        Assert.Equal(FileHash.Of("x"), Hash256.Parse(FileHash.Of("x")).ToString());
    }

    /// <summary>Several splits share a store: being asked about another of them changes nothing of what one of them read.</summary>
    [Fact]
    public void WhatASplitReadsDoesNotChangeWithScenariosOfAnother()
    {
        Samples.Write(Path, Samples.Many(5));
        var alone = Read();
        Samples.Write(Path, [Samples.Scenario("s0", basis: "other"), Samples.Scenario("s1", basis: "other")]);
        var shared = Read();
        Samples.Write(Path, [Samples.User("new", 1)]);
        var grown = Read();
        Samples.Write(Path, [Samples.Scenario("s0", asOfRank: 200)]);
        var askedAgain = Read();

        Assert.Equal(alone.Whole, alone.Content); // there was nothing else in it
        Assert.NotEqual(alone.Whole, shared.Whole);
        Assert.Equal((alone.Content, alone.Origin), (shared.Content, shared.Origin));
        Assert.Equal(alone.Content, alone.Origin.ContentHash);
        Assert.NotEqual(shared.Content, shared.OfOther);
        Assert.Equal(4, new[] { shared.Content, grown.Content, askedAgain.Content, askedAgain.OfOther }.Distinct().Count());
        Assert.NotEqual(shared.OfOther, grown.OfOther); // users belong to all
        using var store = KnowledgeStore.OpenForReading(Path);
        Assert.True(store.IsSourceOf(askedAgain.Origin));
        Assert.False(store.IsSourceOf(grown.Origin));

        (string Whole, string Content, string OfOther, KnowledgeOrigin Origin) Read()
        {
            using var store = KnowledgeStore.OpenForReading(Path);
            return (store.ContentHash, store.ContentFor(Samples.Basis), store.ContentFor("other"), KnowledgeTable.Read(store, Samples.State, Samples.Basis).Origin);
        }
    }

    [Fact]
    public void AWriterSaysWhatItsOwnAppendsMakeOfTheContent()
    {
        using var store = KnowledgeStore.OpenForWriting(Path, Samples.Fingerprint, Samples.Interactions);
        store.Append([Samples.Scenario("s")]);
        var before = store.ContentFor(Samples.Basis);

        store.Append([Samples.User("1", 1)]);

        Assert.NotEqual(before, store.ContentFor(Samples.Basis));
        Assert.Equal(store.ContentHash, store.ContentFor(Samples.Basis));
    }

    [Fact]
    public void WritingUsesARollbackJournalThatIsEmptyBetweenCommits()
    {
        using var store = KnowledgeStore.OpenForWriting(Path, Samples.Fingerprint, Samples.Interactions);
        store.Append([Samples.User("1", 1)]);

        Assert.Equal(0, new FileInfo(Path + "-journal").Length);
        Assert.False(File.Exists(Path + "-wal")); // SQLite takes a damaged log for a shorter history
    }

    [Fact]
    public void EveryFieldOfARecordIsInTheContentHash()
    {
        var record = Samples.Scenario("s");
        KnowledgeRecord[] changed =
        [
            record, record with { Key = KnowledgeKey.ForScenario("t") }, record with { AsOfRank = 7 }, record with { AsOfTime = 7 }, record with { Basis = "b" },
            record with { PromptHash = FileHash.Of("x") }, record with { Text = "x" }, record with { PromptTokens = 700 }, record with { NewTokens = 700 },
            record with { CutItems = 7 }, record with { Vectors = [.. record.Vectors.Reverse()] },
        ];

        var hashes = changed.Select((r, i) =>
        {
            Samples.Write(_scratch[$"{i}"], [r]);
            return Hash(_scratch[$"{i}"]);
        });

        Assert.Equal(changed.Length, hashes.Distinct().Count());
    }

    [Fact]
    public void ASecondRunOverUnchangedDataAsksNothing()
    {
        var records = Samples.Many(10);
        Samples.Write(Path, records);

        using var store = KnowledgeStore.OpenForWriting(Path, Samples.Fingerprint, Samples.Interactions);

        Assert.All(records, r => Assert.True(store.Contains(r.Key, r.AsOfRank, r.Basis, r.PromptHash)));
        var one = records[0];
        Assert.False(store.Contains(KnowledgeKey.ForUser("x"), one.AsOfRank, one.Basis, one.PromptHash));
        Assert.False(store.Contains(KnowledgeKey.ForScenario(one.Key.Id), one.AsOfRank, one.Basis, one.PromptHash));
        Assert.False(store.Contains(one.Key, one.AsOfRank + 1, one.Basis, one.PromptHash));
        Assert.False(store.Contains(one.Key, one.AsOfRank, "x", one.PromptHash));
        Assert.False(store.Contains(one.Key, one.AsOfRank, one.Basis, FileHash.Of("x")));
    }

    [Fact]
    public void WhatWasJustAppendedIsFound()
    {
        using var store = KnowledgeStore.OpenForWriting(Path, Samples.Fingerprint, Samples.Interactions);
        var record = Samples.User("1", 10);

        store.Append([record]);

        Assert.True(store.Contains(record.Key, 10, "", record.PromptHash));
        Samples.AssertSame([record], [store.Newest(record.Key)!]);
        Samples.AssertSame([record], store.Records());
        Assert.Equal(1, store.Count);
    }

    [Fact]
    public void AnUnchangedPromptIsAnsweredFromTheOlderSnapshot()
    {
        var older = Samples.User("1", 10, prompt: "the same");
        Samples.Write(Path, [older, Samples.User("2", 10, prompt: "the same"), Samples.User("1", 20, prompt: "another")]);

        using var store = KnowledgeStore.OpenForReading(Path);

        Samples.AssertSame([older], [store.FindByPrompt(KnowledgeKey.ForUser("1"), older.PromptHash)!]);
        Assert.Null(store.FindByPrompt(KnowledgeKey.ForUser("3"), older.PromptHash));
        Assert.Null(store.FindByPrompt(KnowledgeKey.ForUser("1"), FileHash.Of("not asked")));
    }

    [Fact]
    public void TheNewestHasTheHighestRankAndOfOneRankTheLastAppended()
    {
        var last = Samples.User("1", 20, prompt: "second thought");
        Samples.Write(Path, [Samples.User("1", 20), last, Samples.User("1", 10)]);

        using var store = KnowledgeStore.OpenForReading(Path);

        Samples.AssertSame([last], [store.Newest(KnowledgeKey.ForUser("1"))!]);
        Assert.Null(store.Newest(KnowledgeKey.ForScenario("1")));
    }

    [Fact]
    public void TheSameSnapshotTwiceIsRefusedAndNothingOfItsBatchIsStored()
    {
        using var store = KnowledgeStore.OpenForWriting(Path, Samples.Fingerprint, Samples.Interactions);
        store.Append([Samples.User("1", 10)]);

        Assert.Throws<ArgumentException>(() => store.Append([Samples.User("2", 10), Samples.User("1", 10)]));
        Assert.Throws<ArgumentException>(() => store.Append([Samples.User("3", 10), Samples.User("3", 10)]));

        store.Append([Samples.User("2", 10)]); // and the writer goes on
        Assert.Equal(2, store.Count);
    }

    public static TheoryData<float[], string> UnfitVectors => new()
    {
        { [1, 2, 3, 4, 5, 6, 7, float.NaN], "its vector 'last_prompt_token' holds NaN at position 7" },
        { [float.NegativeInfinity, 2, 3, 4, 5, 6, 7, 8], "its vector 'last_prompt_token' holds -Infinity at position 0" },
        { [1, 65520, 3, 4, 5, 6, 7, 8], "its vector 'last_prompt_token' holds 65520 at position 1, too large for fp16; keep this knowledge as fp32" },
        { [0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f], "its vector 'last_prompt_token' is 0.5 at every position" },
        { [1e-9f, 2e-9f, 3e-9f, 0, 0, 0, 0, 0], "its vector 'last_prompt_token' is 0 at every position" },
        { [1, 2, 3, 4, 5, 6, 7], "its vector 'last_prompt_token' has 7 values, expected 8" },
    };

    [Theory, MemberData(nameof(UnfitVectors))]
    public void AnUnfitVectorIsRefusedByNameAndNeverStored(float[] vector, string what)
    {
        var good = Samples.User("1", 10);
        var record = Samples.User("2", 10) with { Vectors = [good.Vectors[0], vector] };
        using var store = KnowledgeStore.OpenForWriting(Path, Samples.Fingerprint, Samples.Interactions);

        var error = Assert.Throws<Llm4MsrException>(() => store.Append([good, record]));

        Assert.Equal($"The knowledge of user '2' as of rank 10 cannot be stored: {what}.", error.Message);
        Assert.Equal(FaultKind.BadInput, error.Kind);
        Assert.Equal(0, store.Count);
        store.Append([good]); // the writer goes on: nothing was lost
    }

    [Fact]
    public void AnUnfitRecordIsRefusedByName()
    {
        var user = Samples.User("1", 10);
        (KnowledgeRecord Record, string Part)[] unfit =
        [
            (user with { Vectors = [user.Vectors[0]] }, "it has 1 vectors, but the store keeps 2 states (state_that_produced_last, last_prompt_token)"),
            (user with { PromptHash = user.PromptHash.ToUpperInvariant() }, "expected 64 lowercase hexadecimal digits"),
            (user with { Text = "half \ud800 pair" }, "half of a character"),
            (user with { Key = KnowledgeKey.ForUser("") }, "its id is empty"),
            (user with { Basis = "b" }, "its basis is 'b', but a user has none"),
            (Samples.Scenario("s") with { Basis = "" }, "a scenario needs the hash of its training part"),
            (user with { AsOfRank = -1 }, "its rank is -1"),
            (user with { Text = new string('x', 5 << 20) }, "its text has 5242880 characters"),
        ];

        Assert.All(unfit, u => Assert.Contains(u.Part, u.Record.ProblemUnder(Samples.Fingerprint), StringComparison.Ordinal));
        Assert.EndsWith("the store keeps no knowledge of this level.", Samples.Scenario("s").ProblemUnder(Samples.Fingerprint with { ScenarioWidth = 0 }), StringComparison.Ordinal);
    }

    [Fact]
    public void AnotherFingerprintIsRefusedWithEveryDifference()
    {
        Samples.Write(Path, Samples.Many(2));
        var before = FileHash.OfFile(Path);
        var other = Samples.Fingerprint with { Source = "big", Protocol = KnowledgeProtocol.WholePeriod };

        var error = Assert.Throws<Llm4MsrException>(() => KnowledgeStore.OpenForWriting(Path, other, Samples.Interactions));

        Assert.Equal($"The knowledge store '{Path}' holds knowledge that is not comparable with what is to be added: source: \"tiny\", not \"big\"; "
            + "protocol: \"past-only\", not \"whole-period\". Name another file for it, or use the settings of this store.", error.Message);
        Assert.Equal(FaultKind.Damaged, error.Kind);
        Assert.Equal(before, FileHash.OfFile(Path));
    }

    [Fact]
    public void OtherInteractionsAreRefused()
    {
        Samples.Write(Path, Samples.Many(2));

        var error = Assert.Throws<Llm4MsrException>(() => KnowledgeStore.OpenForWriting(Path, Samples.Fingerprint, "interactions-2"));

        Assert.Equal($"The knowledge store '{Path}' was made from other interactions: their hash is interactions-1, not interactions-2. "
            + "Name another file, or use the data that it was made from. "
            + "Where only interactions came in, a new store takes over what did not change: 'llm4msr reason ... --reuse THIS --out NEW'.", error.Message);
    }

    [Fact]
    public void AStoreOfTheVersionWithoutSystemMessagesIsReadButNotGoneOnWithWhereThereIsOne()
    {
        Samples.Write(Path, Samples.Many(2));

        var error = Assert.Throws<Llm4MsrException>(() => KnowledgeStore.OpenForWriting(Path, Samples.Fingerprint with { SystemMessage = "You are kind." }, Samples.Interactions));

        Assert.EndsWith("what is to be added: systemMessage: null, not \"You are kind.\". Name another file for it, or use the settings of this store. "
            + "Stores of its version do not say with which system message they were made: this one can be read and trained with, but not gone on with.", error.Message, StringComparison.Ordinal);
        Samples.AssertSame(Samples.Many(2), Samples.Read(Path));
    }

    [Theory]
    [InlineData("user_version", 2, "has the format version 2; this program knows version 1")]
    [InlineData("user_version", 0, "has the format version 0")]
    [InlineData("user_version", -1, "has the format version -1")]
    [InlineData("application_id", 7, "is not a knowledge store")]
    public void AnotherFormatIsRefusedAtOnceWithoutChangingAByte(string pragma, int value, string expected)
    {
        Samples.Write(Path, Samples.Many(20, Samples.WideFingerprint), Samples.WideFingerprint);
        using (var connection = new SqliteConnection($"Data Source={Path};Pooling=False"))
        {
            connection.Open();
            new SqliteCommand($"PRAGMA {pragma}={value}", connection).ExecuteNonQuery();
        }
        File.WriteAllBytes(Path + "-journal", Samples.InterruptedWrite(Path).Journal); // which an opening by SQLite would roll back
        var before = FileHash.OfFile(Path);

        foreach (var open in Openings())
        {
            var watch = Stopwatch.StartNew();
            Assert.Contains(expected, Assert.Throws<Llm4MsrException>(open).Message, StringComparison.Ordinal);
            Assert.InRange(watch.Elapsed.TotalSeconds, 0, 1);
        }
        Assert.Equal(before, FileHash.OfFile(Path));
        Assert.True(File.Exists(Path + "-journal"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a text of somebody, long enough to be mistaken for nothing else")]
    [InlineData("SQLite format 3")]
    public void WhatIsNotAStoreIsRefusedWithoutChangingAByte(string content)
    {
        File.WriteAllText(Path, content);

        foreach (var open in Openings())
            Assert.Equal(FaultKind.Damaged, Assert.Throws<Llm4MsrException>(open).Kind);
        Assert.Equal(content, File.ReadAllText(Path));
    }

    [Fact]
    public void AMissingStoreIsNamed()
    {
        Assert.Equal($"There is no knowledge store '{Path}'. Make one with 'llm4msr reason', or name another.",
            Assert.Throws<Llm4MsrException>(() => KnowledgeStore.OpenForReading(Path)).Message);
        Assert.False(File.Exists(Path));
    }

    [Fact]
    public void AFolderInTheStoresPlaceIsNamed()
    {
        Directory.CreateDirectory(Path);

        var error = Assert.Throws<Llm4MsrException>(() => KnowledgeStore.OpenForWriting(Path, Samples.Fingerprint, Samples.Interactions));

        Assert.StartsWith($"The knowledge store '{Path}' could not be made or read: ", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_scratch.Root, "*.tmp"));
    }

    [Fact]
    public void AReaderSeesTheStoreAsItWasWhenItWasOpened()
    {
        var records = Samples.Many(20);
        using var writer = KnowledgeStore.OpenForWriting(Path, Samples.Fingerprint, Samples.Interactions);
        writer.Append(records[..10]);
        using var early = KnowledgeStore.OpenForReading(Path);

        writer.Append(records[10..]);

        Samples.AssertSame(records[..10], early.Records());
        Assert.Null(early.Newest(records[10].Key));
        Samples.AssertSame(records, Samples.Read(Path));
    }

    [Fact]
    public async Task ReadersDuringWritesSeeWholeBatchesAndEveryAcknowledgedRecord()
    {
        const int Reads = 25, Writes = 25, Size = 5;
        long acknowledged = 0;
        using var writer = KnowledgeStore.OpenForWriting(Path, Samples.Fingerprint, Samples.Interactions);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var writing = Task.Run(() =>
        {
            for (var b = 0; !enough.IsCancellationRequested; b++)
            {
                writer.Append([.. Enumerable.Range(0, Size).Select(i => Samples.User($"{b}-{i}", 1))]);
                Volatile.Write(ref acknowledged, writer.Count);
                Thread.Sleep(3); // far less than a language model takes; without a pause there is hardly a moment to read in
            }
        }, TestContext.Current.CancellationToken);

        for (var read = 0; read < Reads || Volatile.Read(ref acknowledged) < Writes * Size; read++)
        {
            var least = Volatile.Read(ref acknowledged);
            var found = Samples.Read(Path).Count; // throws where a row is torn
            Assert.Equal(0, found % Size);
            Assert.InRange(found, least, long.MaxValue);
        }
        await enough.CancelAsync();
        await writing;
        Assert.Equal(acknowledged, Samples.Read(Path).Count);
    }

    [Fact]
    public void VerifyCountsWhatIsThere()
    {
        Samples.Write(Path, Samples.Many(5));

        var report = KnowledgeStore.Verify(Path);

        Assert.True(report.IsClean, string.Join('\n', report.Findings));
        Assert.Equal((10, 3, Hash(Path), new FileInfo(Path).Length), (report.UserRecords, report.ScenarioRecords, report.ContentHash, report.Bytes));
    }

    [Fact]
    public void AnEmptyStoreIsWhole()
    {
        KnowledgeStore.OpenForWriting(Path, Samples.Fingerprint, Samples.Interactions).Dispose();

        Assert.Empty(Samples.Read(Path));
        Assert.True(KnowledgeStore.Verify(Path).IsClean);
        Assert.Equal(new string('0', 64), Hash(Path));
    }

    private Action[] Openings() =>
    [
        () => KnowledgeStore.OpenForReading(Path).Dispose(),
        () => KnowledgeStore.OpenForWriting(Path, Samples.Fingerprint, Samples.Interactions).Dispose(),
        () => throw new Llm4MsrException(FaultKind.Damaged, string.Concat(KnowledgeStore.Verify(Path).Findings)),
    ];

    private static string Hash(string path)
    {
        using var store = KnowledgeStore.OpenForReading(path);
        return store.ContentHash;
    }
}
