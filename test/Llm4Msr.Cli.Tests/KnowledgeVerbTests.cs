using System.Globalization;
using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning;
using Llm4Msr.Reasoning.Prompts;
using Llm4Msr.Testing;

namespace Llm4Msr.Cli.Tests;

/// <summary>Looking at stores and comparing them.</summary>
public sealed class KnowledgeVerbTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();
    private readonly InteractionDataset _data;
    private readonly KnowledgeFingerprint _fingerprint = new()
    {
        Source = "written by hand",
        WeightsHash = "",
        TokenizerHash = "",
        TemplateHash = PromptTemplate.BuiltIn.Hash,
        ChatFormat = "none",
        Decoding = "greedy, 3 new tokens",
        States = ["first", "second"],
        Norm = KnowledgeNorm.Post,
        UserWidth = 2,
        ScenarioWidth = 2,
        HistoryLength = 15,
        Protocol = KnowledgeProtocol.TrainPart,
    };

    public KnowledgeVerbTests()
    {
        SmallMovieLens.Write(_scratch["logs"], users: 4, ratingsEach: 10);
        CommandRun.Succeeding("prepare", "ml-100k", _scratch["logs"], "--out", _scratch["data"]);
        _data = InteractionDataset.Open(_scratch["data"]);
    }

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void AUsersRecordIsShownWithItsPromptItsNormsAndItsNeighboursInTheirOrder()
    {
        Write("a.db", [User("1", [3, 4], [1, 0]), User("2", [0, 1], [1, 0]), User("3", [6, 8.5f], [-1, 0]), User("4", [-3, -4], [0, 1])]);
        var prompt = CommandRun.Succeeding("prompts", "show", _scratch["data"], "--user", "1", "--protocol", "train-part", "--json").Json[0].GetProperty("prompt").GetProperty("text").GetString();

        var run = CommandRun.Succeeding("knowledge", "show", _scratch["a.db"], "--user", "1", "--data", _scratch["data"], "--neighbours", "2");
        var second = CommandRun.Succeeding("knowledge", "show", _scratch["a.db"], "--user", "1", "--state", "second", "--neighbours", "3", "--json").Json[0];

        Assert.Contains($"\n> {prompt}\nabout 1\n  first: 2 values, norm 5.00\n  second: 2 values, norm 1.00\n  most alike in first:\n", run.Output, StringComparison.Ordinal);
        Assert.Matches(@"most alike in first:\n    0\.9996 user '3' as of rank \d+: about 3\n    0\.8000 user '2' as of rank \d+: about 2\n\n$", run.Output);
        Assert.Equal(["2", "4", "3"], second.GetProperty("neighbours").EnumerateArray().Select(n => n.GetProperty("key").GetProperty("id").GetString()));
        Assert.Equal([1.0, 0, -1], second.GetProperty("neighbours").EnumerateArray().Select(n => n.GetProperty("cosine").GetDouble()));
        Assert.Equal(System.Text.Json.JsonValueKind.Null, second.GetProperty("prompt").ValueKind); // without data nobody knows it
    }

    [Fact]
    public void OfSeveralSnapshotsOfANeighbourTheBestOneCounts()
    {
        var other = User("2", [0, 1], [1, 0]);
        Write("a.db", [other with { AsOfRank = 3, Text = "early", Vectors = [[3, 4], [1, 0]] }, other with { Text = "late" }, User("1", [3, 4], [1, 0])]);

        var neighbours = CommandRun.Succeeding("knowledge", "show", _scratch["a.db"], "--user", "1", "--neighbours", "2", "--json").Json[0].GetProperty("neighbours");

        Assert.Equal([("early", 1.0)], neighbours.EnumerateArray().Select(n => (n.GetProperty("text").GetString()!, Math.Round(n.GetProperty("cosine").GetDouble(), 12))));
    }

    [Fact]
    public void APromptThatCannotBeWrittenAgainIsSaidToBeUnknownRatherThanShownWrong()
    {
        Write("a.db", [User("1", [3, 4], [1, 0]) with { PromptHash = FileHash.Of("another prompt") }]);

        var run = CommandRun.Succeeding("knowledge", "show", _scratch["a.db"], "--user", "1", "--data", _scratch["data"]);

        Assert.Contains($"\n> (no prompt of this data and template has the hash {FileHash.Of("another prompt")}: it was asked with another --template, or the model's tokenizer cut a title)\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void TheDataOfAnotherStoreAreRefused()
    {
        KnowledgeStore.OpenForWriting(_scratch["a.db"], _fingerprint, "others").Dispose();

        var run = CommandRun.Of("knowledge", "show", _scratch["a.db"], "--user", "1", "--data", _scratch["data"]);

        Assert.Equal((5, ""), (run.Code, run.Output));
    }

    [Fact]
    public void EqualStoresDoNotDifferWhateverTheOrderOfTheirRecords()
    {
        Write("a.db", [User("1", [3, 4], [1, 0]), User("2", [0, 1], [1, 0])]);
        Write("b.db", [User("2", [0, 1], [1, 0]), User("1", [3, 4], [1, 0])]);

        var run = CommandRun.Succeeding("knowledge", "diff", _scratch["a.db"], _scratch["b.db"]);

        Assert.Equal("2 snapshots are in both.\n  cosine of user: first: least 1.0000, first percentile 1.0000, median 1.0000, mean 1.0000\n"
            + "  cosine of user: second: least 1.0000, first percentile 1.0000, median 1.0000, mean 1.0000\nNothing differs.\n", run.Output);
    }

    [Fact]
    public void EveryDifferenceIsCountedAndTheExitCodeIsThatOfAFailedCheck()
    {
        Write("a.db", [User("1", [3, 4], [1, 0]), User("2", [0, 1], [1, 0]), User("3", [0, 1], [1, 0]), User("4", [1, 2], [1, 0])]);
        Write(
            "b.db",
            [
                User("1", [3, 4], [1, 0]) with { Text = "other words" },
                User("2", [1, 0], [1, 0]) with { PromptHash = FileHash.Of("x") },
                User("3", [0, 1], [1, 0]),
                User("3", [0, 1], [1, 0]) with { AsOfRank = 1 },
            ],
            _fingerprint with { Decoding = "greedy, 9 new tokens" });

        var run = CommandRun.Of("knowledge", "diff", _scratch["a.db"], _scratch["b.db"]);
        var json = CommandRun.Of("knowledge", "diff", _scratch["a.db"], _scratch["b.db"], "--json");

        Assert.Equal((3, 3), (run.Code, json.Code));
        Assert.Equal(
            $"""
            made differently: decoding: "greedy, 3 new tokens", not "greedy, 9 new tokens"
            3 snapshots are in both.
            only in {_scratch["a.db"]}: 1 (user '4' as of {Rank("4")})
            only in {_scratch["b.db"]}: 1 (user '3' as of 1)
            other prompt: 1 (user '2' as of {Rank("2")})
            other text: 1 (user '1' as of {Rank("1")})
            other vectors: 1
              cosine of user: first: least 0.0000, first percentile 0.0000, median 1.0000, mean 0.6667
              cosine of user: second: least 1.0000, first percentile 1.0000, median 1.0000, mean 1.0000

            """.ReplaceLineEndings("\n"),
            run.Output);
        Assert.Equal(1, json.Json.GetProperty("changedVectors").GetInt32());
    }

    [Fact]
    public void AStoreIsNotComparedWithItself()
    {
        Write("a.db", [User("1", [3, 4], [1, 0])]);

        CommandRun.Of("knowledge", "diff", _scratch["a.db"], _scratch["a.db"]).AssertFails(FaultKind.Usage, $"'{_scratch["a.db"]}' is named twice. Name two stores.");
    }

    [Fact]
    public void StatisticsOfALevelWithoutRecordsSayNoneInsteadOfZero()
    {
        Write("a.db", [new()
        {
            Key = KnowledgeKey.ForScenario("feed"),
            AsOfRank = 1,
            AsOfTime = 1,
            Basis = _data.Description.TrainingPartHash,
            PromptHash = FileHash.Of("x"),
            Text = "words",
            PromptTokens = 9,
            NewTokens = 3,
            Vectors = [[1, 2], [3, 4]],
        }]);

        var run = CommandRun.Succeeding("knowledge", "stats", _scratch["a.db"]);

        Assert.Matches(@"records +none +1 ", run.Output);
        Assert.Matches(@"texts that another has too +none +0\.0", run.Output);
        Assert.Matches(@"prompt tokens, mean +none +9\.0", run.Output);
        Assert.Matches(@"effective rank, first +none +0\.0", run.Output);
    }

    [Theory]
    [InlineData("--budget is 'much', expected a number of tokens like 500000 or a time like 90s, 30m or 8h, at most 100000d.", "--budget", "much")]
    [InlineData("--budget is '0', expected a number of tokens like 500000 or a time like 90s, 30m or 8h, at most 100000d.", "--budget", "0")]
    [InlineData("--budget is '2147483647h', expected a number of tokens like 500000 or a time like 90s, 30m or 8h, at most 100000d.", "--budget", "2147483647h")]
    [InlineData("--max-age is '30', expected a time like 90s, 30m, 8h or 30d, at most 100000d.", "--max-age", "30")]
    [InlineData("--max-age is '100001d', expected a time like 90s, 30m, 8h or 30d, at most 100000d.", "--max-age", "100001d")]
    [InlineData("--max-age is '2147483647h', expected a time like 90s, 30m, 8h or 30d, at most 100000d.", "--max-age", "2147483647h")]
    [InlineData("--min-new and --max-age decide what is taken over from an earlier store. Say which: --reuse OLD.db, or leave them out.", "--min-new", "5")]
    [InlineData("--reuse and --out are the same file 'a.db'. What is taken over goes into a new store: name another file for it.", "--reuse", "a.db", "--out", "a.db")]
    [InlineData("--probe is -1, expected 0 or more.", "--probe", "-1")]
    public void WrongPoliciesAreNamedBeforeAnythingIsLoaded(string problem, params string[] arguments)
    {
        var run = CommandRun.Of(["knowledge", "plan", _scratch["no data"], "--model", "no.gguf", .. arguments]);

        Assert.StartsWith($"error: {problem}\n", run.Errors, StringComparison.Ordinal);
        Assert.Equal((2, ""), (run.Code, run.Output));
    }

    private void Write(string name, IReadOnlyList<KnowledgeRecord> records, KnowledgeFingerprint? fingerprint = null)
    {
        using var store = KnowledgeStore.OpenForWriting(_scratch[name], fingerprint ?? _fingerprint, _data.Description.InteractionsHash);
        store.Append(records);
    }

    private int Rank(string user)
    {
        var timeline = new UserTimeline(_data.Interactions.User, _data.Encoder.Users.Count);
        return SnapshotPlan.RanksFor(_data, timeline, KnowledgeProtocol.TrainPart, _data.Encoder.Users.RowOf(user))[0];
    }

    private KnowledgeRecord User(string id, float[] first, float[] second)
    {
        var timeline = new UserTimeline(_data.Interactions.User, _data.Encoder.Users.Count);
        var history = UserHistory.Of(_data.Interactions, timeline, _data.Encoder.Users.RowOf(id), Rank(id), _data.Description.Scenarios.Count, 15);
        return new KnowledgeRecord
        {
            Key = KnowledgeKey.ForUser(id),
            AsOfRank = Rank(id),
            AsOfTime = _data.Interactions.Time[Rank(id) - 1],
            PromptHash = new PromptBuilder(_data, PromptTemplate.BuiltIn).ForUser(history).Hash,
            Text = string.Create(CultureInfo.InvariantCulture, $"about {id}"),
            PromptTokens = 10,
            NewTokens = 3,
            Vectors = [first, second],
        };
    }
}
