using Llm4Msr.Knowledge;
using Llm4Msr.Platform;
using Llm4Msr.Testing;
using Microsoft.Data.Sqlite;

namespace Llm4Msr.Tests.Knowledge;

public sealed class KnowledgeTableTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();
    private readonly List<string> _said = [];

    private string StorePath => _scratch["users.knowledge"];

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void RowsStandByUserAndRankAndHoldTheStoresVectors()
    {
        KnowledgeRecord[] records =
        [
            Samples.User("9", 5), Samples.Scenario("drama"), Samples.User("10", 7), Samples.User("9", 2), Samples.Scenario("comedy"), Samples.User("a", 0),
        ];
        Samples.Write(StorePath, records);

        var table = Read(state: "last_prompt_token");

        Assert.Equal([("10", "7"), ("9", "2 5"), ("a", "0")], table.Users.Select(u => (u.Id, string.Join(' ', u.AsOfRanks)))); // ids are text: '1' stands before '9'
        Assert.Equal(4, table.Count);
        Assert.Equal(new[] { 2, 3, 0, 5 }.SelectMany(r => records[r].Vectors[1]), table.UserVectors);
        Assert.Equal(["comedy", "drama"], table.Scenarios);
        Assert.Equal([.. records[4].Vectors[1], .. records[1].Vectors[1]], table.ScenarioVectors);
        Assert.Equal((0, 1, -1), (table.ScenarioRow("comedy"), table.ScenarioRow("drama"), table.ScenarioRow("action")));
        Assert.Equal((0, 2, 3, -1), (table.NewestRow("10"), table.NewestRow("9"), table.NewestRow("a"), table.NewestRow("8")));
        using var store = KnowledgeStore.OpenForReading(StorePath);
        Assert.Equal(new KnowledgeOrigin(Samples.Fingerprint, "last_prompt_token", Samples.Basis, Samples.Interactions, store.ContentHash, "real"), table.Origin);
    }

    [Fact]
    public void OfOneRankTheLastAppendedIsTaken()
    {
        var (user, scenario) = (Samples.User("1", 5, prompt: "again"), Samples.Scenario("s") with { PromptHash = FileHash.Of("again") });
        Samples.Write(StorePath, [Samples.User("1", 5), Samples.Scenario("s"), user with { Vectors = [.. user.Vectors.Reverse()] }, scenario with { Vectors = [.. scenario.Vectors.Reverse()] }]);

        var table = Read();

        Assert.Equal(user.Vectors[1], table.UserVectors);
        Assert.Equal(scenario.Vectors[1], table.ScenarioVectors);
    }

    [Fact]
    public void ScenarioKnowledgeIsThatOfTheTrainingPart()
    {
        var wanted = Samples.Scenario("s", basis: "fold-2");
        Samples.Write(StorePath, [Samples.Scenario("s", basis: "fold-1"), wanted, Samples.Scenario("s", basis: "fold-3")]);
        using var store = KnowledgeStore.OpenForReading(StorePath);

        Assert.Equal(wanted.Vectors[0], KnowledgeTable.Read(store, Samples.State, "fold-2").ScenarioVectors);
        Assert.Equal($"The knowledge store '{StorePath}' holds no scenario knowledge of the training part 'fold-4', only of 'fold-1', 'fold-2', 'fold-3'. "
            + "Reason again for this split, or use the split that it was made for.",
            Assert.Throws<Llm4MsrException>(() => KnowledgeTable.Read(store, Samples.State, "fold-4")).Message);
    }

    [Fact]
    public void AStoreWithoutScenariosHasNone()
    {
        Samples.Write(StorePath, [Samples.User("1", 5)]);

        Assert.Empty(Read().Scenarios);
    }

    [Fact]
    public void AnUnknownStateIsNamed()
    {
        Samples.Write(StorePath, Samples.Many(2));

        Assert.StartsWith("The knowledge of 'tiny' holds no state 'mean'.", Assert.Throws<Llm4MsrException>(() => Read(state: "mean")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void KnowledgeOfTheWholePeriodDoesNotPredict()
    {
        var whole = Samples.Fingerprint with { Protocol = KnowledgeProtocol.WholePeriod };
        Samples.Write(StorePath, [Samples.User("1", 5, whole)], whole);
        var table = Read();

        Assert.StartsWith("Knowledge of the protocol 'whole-period' cannot be used to predict", Assert.Throws<Llm4MsrException>(() => table.NewestRow("1")).Message, StringComparison.Ordinal);
        Assert.Equal(FaultKind.Usage, Assert.Throws<Llm4MsrException>(table.RequirePrediction).Kind);
    }

    [Theory]
    [InlineData(KnowledgePrecision.Fp16)]
    [InlineData(KnowledgePrecision.Fp32)]
    public void ASavedTableIsLoadedToTheLastBit(KnowledgePrecision precision)
    {
        var fingerprint = Samples.Fingerprint with { Precision = precision };
        Samples.Write(StorePath, Samples.Many(30, fingerprint), fingerprint);
        var table = Read();

        foreach (var (arm, i) in new[] { table, table.WithRandomVectors(3), table.WithUsersShuffled(3) }.Select((t, i) => (t, i)))
        {
            var folder = Directory.CreateDirectory(_scratch[$"model-{i}"]).FullName;
            arm.Save(folder);

            AssertSame(arm, KnowledgeTableFiles.Load(folder));
            var bytesOfUsers = arm.UserVectors.Length * (precision == KnowledgePrecision.Fp16 ? 2 : 4);
            Assert.InRange(new FileInfo(Path.Combine(folder, KnowledgeTableFiles.VectorsFile)).Length, bytesOfUsers, bytesOfUsers + 1000);
        }
    }

    [Fact]
    public void ATableOfManyRowsIsSavedInSeveralTensors()
    {
        const int Rows = 40_000;
        var narrow = Samples.Fingerprint with { UserWidth = 2, States = ["s"] };
        var users = Enumerable.Range(0, Rows).Select(u => new UserSnapshots($"{u:d6}", [u])).ToList();
        var vectors = Enumerable.Range(0, 2 * Rows).Select(v => (float)(v % 1999)).ToArray();
        var table = new KnowledgeTable(new KnowledgeOrigin(narrow, "s", "b", "i", "c"), users, vectors, [], []);

        table.Save(_scratch.Root);

        AssertSame(table, KnowledgeTableFiles.Load(_scratch.Root));
        using var file = SafetensorsFile.Open(_scratch[KnowledgeTableFiles.VectorsFile]);
        Assert.Equal(["users.0", "users.1", "users.2", "scenarios"], file.Entries.Keys);
    }

    [Theory]
    [InlineData("\"state\":\"state_that_produced_last\"", "\"state\":null")]
    [InlineData("\"format\":\"llm4msr-knowledge-table/1\"", "\"format\":\"llm4msr-knowledge-table/2\"")]
    [InlineData("\"userWidth\":8", "\"userWidth\":9")]
    [InlineData("\"precision\":\"fp16\"", "\"precision\":\"fp32\"")]
    [InlineData("{\"id\":\"0\",\"asOfRanks\":[10,1000]}", "{\"id\":\"7\",\"asOfRanks\":[10,1000]}")]
    [InlineData("{\"id\":\"0\",\"asOfRanks\":[10,1000]}", "{\"id\":\"0\",\"asOfRanks\":[1000,10]}")]
    [InlineData("{\"id\":\"0\",\"asOfRanks\":[10,1000]},", "")]
    [InlineData("{\"id\":\"0\",\"asOfRanks\":[10,1000]}", "{\"id\":\"0\",\"asOfRanks\":[]}")]
    [InlineData("\"s0\"", "null")]
    [InlineData("{\"id\":\"0\",\"asOfRanks\":[10,1000]}", "null")]
    public void FilesThatDoNotFitEachOtherAreNamed(string part, string instead)
    {
        Samples.Write(StorePath, Samples.Many(3));
        Read().Save(_scratch.Root);
        var keys = _scratch[KnowledgeTableFiles.KeysFile];
        var json = File.ReadAllText(keys);
        Assert.Contains(part, json, StringComparison.Ordinal);
        File.WriteAllText(keys, json.Replace(part, instead, StringComparison.Ordinal));

        Assert.Equal(FaultKind.Damaged, Assert.Throws<Llm4MsrException>(() => KnowledgeTableFiles.Load(_scratch.Root)).Kind);
    }

    [Fact]
    public void AFolderWithoutKnowledgeIsNamed() => Assert.Equal(
        $"'{_scratch.Root}' holds no knowledge: there is no file 'knowledge.json' in it.",
        Assert.Throws<Llm4MsrException>(() => KnowledgeTableFiles.Load(_scratch.Root)).Message);

    [Fact]
    public void ASecondReadingTakesTheCacheAndNoRow()
    {
        Samples.Write(StorePath, Samples.Many(5));
        var first = Read();
        Execute("UPDATE knowledge SET text = 'damaged'"); // whoever reads a row now, throws

        AssertSame(first, Read());

        Assert.Empty(_said);
        Assert.Throws<Llm4MsrException>(() => Read(state: "last_prompt_token")); // which has no cache
    }

    [Fact]
    public void AFlippedBitOfTheCacheIsSaidAndTheTableMadeAgain()
    {
        Samples.Write(StorePath, Samples.Many(20));
        var table = Read();
        var files = Directory.GetFiles(Cache());
        Assert.Equal(3, files.Length);
        var random = new Random(5);
        for (var n = 0; n < 60; n++)
        {
            var file = files[n % files.Length];
            var bytes = File.ReadAllBytes(file);
            bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(file, bytes);
            _said.Clear();

            AssertSame(table, Read());

            var mayBeSilent = Path.GetFileName(file) == FolderManifest.FileName; // a letter of another case there changes nothing
            Assert.InRange(_said.Count, mayBeSilent ? 0 : 1, 1);
            _said.Clear();
            AssertSame(table, Read());
            Assert.Empty(_said);
        }
    }

    [Fact]
    public void AMissingFileOfTheCacheIsSaidAndTheTableMadeAgain()
    {
        Samples.Write(StorePath, Samples.Many(5));
        var table = Read();
        foreach (var file in Directory.GetFiles(Cache()))
        {
            File.Delete(file);
            _said.Clear();

            AssertSame(table, Read());

            Assert.Single(_said);
        }
    }

    [Fact]
    public void AStaleCacheIsSaidAndReplaced()
    {
        Samples.Write(StorePath, Samples.Many(5));
        Read();
        Read(state: "last_prompt_token");
        var (stale, other) = (Cache(), Cache("last_prompt_token"));
        Samples.Write(StorePath, [Samples.User("new", 3)]);

        var table = Read();

        Assert.Equal($"The knowledge cache '{stale}' is of an older content of its store; it was deleted and is made again.", Assert.Single(_said));
        Assert.Contains(table.Users, u => u.Id == "new");
        Assert.False(Directory.Exists(stale));
        Assert.True(Directory.Exists(other)); // another state's is not this one's business
    }

    [Fact]
    public void ACacheThatCannotBeWrittenIsSaid()
    {
        using var disk = TinyDisk.Mount(_scratch["disk"], "1m");
        var path = disk["users.knowledge"];
        Samples.Write(path, Samples.Many(3));
        disk.MakeReadOnly();
        using var store = KnowledgeStore.OpenForReading(path);

        var table = KnowledgeTable.Read(store, Samples.State, Samples.Basis, _said.Add);

        Assert.Equal(6, table.Count);
        Assert.Contains("could not be written, so the next run reads the store again", Assert.Single(_said), StringComparison.Ordinal);
    }

    [Fact]
    public void CachesOfTwoTrainingPartsLiveSideBySide()
    {
        Samples.Write(StorePath, [Samples.User("1", 1), Samples.Scenario("s", basis: "fold-1"), Samples.Scenario("s", basis: "fold-2")]);
        var (one, two) = (Read(basis: "fold-1"), Read(basis: "fold-2"));
        Execute("UPDATE knowledge SET text = 'damaged' WHERE level = 'user'"); // whoever reads one of those now, throws; the few of other folds' scenarios are read

        AssertSame(one, Read(basis: "fold-1"));
        AssertSame(two, Read(basis: "fold-2"));
        Assert.Empty(_said);
    }

    [Fact]
    public void ACacheOfAnotherStoreIsNotTaken()
    {
        var other = Samples.Fingerprint with { Source = "other" };
        Samples.Write(StorePath, Samples.Many(5));
        Read();
        var cache = Cache();
        File.Delete(StorePath);
        Samples.Write(StorePath, Samples.Many(5), other); // the same content, of another model

        Assert.Equal(other, Read().Origin.Fingerprint);

        Assert.Equal($"The knowledge cache '{cache}' is of another store. It is made again.", Assert.Single(_said));
    }

    [Fact]
    public void ATableThatWouldNotFitIsRefused() => Assert.StartsWith("3000000 snapshots of 4096 values are more than the",
        Assert.Throws<Llm4MsrException>(() => KnowledgeTableBuilder.Matrix(3_000_000, 4096)).Message, StringComparison.Ordinal);

    private KnowledgeTable Read(string? state = null, string basis = Samples.Basis)
    {
        using var store = KnowledgeStore.OpenForReading(StorePath);
        return KnowledgeTable.Read(store, state ?? Samples.State, basis, _said.Add);
    }

    private string Cache(string? state = null) => Assert.Single(Directory.GetDirectories(_scratch.Root, $"*.{state ?? Samples.State}.*.cache"));

    private void Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={StorePath};Pooling=False");
        connection.Open();
        new SqliteCommand(sql, connection).ExecuteNonQuery();
    }

    private static void AssertSame(KnowledgeTable expected, KnowledgeTable found)
    {
        Assert.Equal(expected.Origin, found.Origin);
        Assert.Equal(expected.Users.Select(u => (u.Id, string.Join(' ', u.AsOfRanks))), found.Users.Select(u => (u.Id, string.Join(' ', u.AsOfRanks))));
        Assert.Equal(expected.Scenarios, found.Scenarios);
        Assert.Equal(expected.UserVectors, found.UserVectors);
        Assert.Equal(expected.ScenarioVectors, found.ScenarioVectors);
    }
}
