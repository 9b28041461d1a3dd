using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning;
using Llm4Msr.Reasoning.Prompts;
using Llm4Msr.Testing;

namespace Llm4Msr.Cli.Tests;

/// <summary>What <c>audit leak</c> says, and how it ends.</summary>
public sealed class AuditTests(SmallRuns small) : IDisposable
{
    private const int CheckFailed = 3;

    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void VectorsMadeElsewhereSayWhatCannotBeChecked()
    {
        var run = CommandRun.Succeeding("audit", "leak", small.Data, small.EnhancedRun, "--knowledge", small.Store);

        Assert.Contains("without prompts: these vectors were made elsewhere. What they were made from cannot be checked", run.Output, StringComparison.Ordinal);
        Assert.Contains("What the run's rows saw was looked up by the run's own code too, and compared.", run.Output, StringComparison.Ordinal);
        Assert.EndsWith("No leak in what the snapshots declare about themselves.\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void AStoreOfPromptsIsProvenAndAPlantedLeakFails()
    {
        var honest = CommandRun.Succeeding("audit", "leak", small.Data, "--knowledge", Store("honest.db", KnowledgeProtocol.PastOnly), "--json").Json;
        Assert.Equal(("no-leak", SmallMovieLens.Users * 2, 0), (honest.GetProperty("verdict").GetString(), honest.GetProperty("users").GetProperty("rederived").GetInt32(), honest.GetProperty("findingCount").GetInt32()));
        Assert.Equal(0, honest.GetProperty("shareOfTestRows").GetDouble());

        var planted = CommandRun.Of("audit", "leak", small.Data, "--knowledge", Store("planted.db", KnowledgeProtocol.WholePeriod));
        Assert.Equal(CheckFailed, planted.Code);
        Assert.Empty(planted.Errors);
        Assert.Contains("LEAK: 40 snapshots or rows break the rule", planted.Output, StringComparison.Ordinal);
        Assert.Contains("... and 30 more (--json lists them).", planted.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void AnotherTemplateIsAskedFor()
    {
        File.WriteAllText(_scratch["mine.txt"], PromptTemplate.BuiltIn.Text + "\n[answer]\nThis user\n");

        var run = CommandRun.Of("audit", "leak", small.Data, "--knowledge", Store("honest.db", KnowledgeProtocol.PastOnly), "--template", _scratch["mine.txt"]);

        Assert.Equal(CheckFailed, run.Code);
        Assert.Contains("written with another template than this one: none can be written again. Name their template with --template.", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void ARunWithoutKnowledgeIsRefused() => CommandRun.Of("audit", "leak", small.Data, small.PlainRun, "--knowledge", small.Store).AssertFails(FaultKind.Usage,
        $"The model in '{small.PlainRun}' reads no knowledge, so that there is nothing to audit. Leave the run out to audit the store.");

    /// <summary>A past-only store whose prompts hold what <paramref name="made"/> means.</summary>
    private string Store(string name, KnowledgeProtocol made)
    {
        var data = InteractionDataset.Open(small.Data);
        var builder = new PromptBuilder(data, PromptTemplate.BuiltIn);
        var timeline = new UserTimeline(data.Interactions.User, data.Encoder.Users.Count);
        var fingerprint = new KnowledgeFingerprint
        {
            Source = "tiny", WeightsHash = "", TokenizerHash = "", TemplateHash = PromptTemplate.BuiltIn.Hash, ChatFormat = "none", Decoding = "greedy", States = ["state"],
            Norm = KnowledgeNorm.Post, UserWidth = 2, ScenarioWidth = 2, HistoryLength = 15, Protocol = KnowledgeProtocol.PastOnly,
        };
        using var store = KnowledgeStore.OpenForWriting(_scratch[name], fingerprint, data.Description.InteractionsHash);
        store.Append([.. Enumerable.Range(0, timeline.Users).SelectMany(user => SnapshotPlan.RanksFor(data, timeline, made, user).Select(rank => new KnowledgeRecord
        {
            Key = KnowledgeKey.ForUser(data.Encoder.Users.Keys[user]),
            AsOfRank = rank,
            AsOfTime = data.Interactions.Time[rank - 1],
            PromptHash = builder.ForUser(UserHistory.Of(data.Interactions, timeline, user, rank, SmallMovieLens.Scenarios.Length, 15)).Hash,
            Text = "likes films",
            Vectors = [[1, rank % 100]],
        }))]);
        return _scratch[name];
    }
}
