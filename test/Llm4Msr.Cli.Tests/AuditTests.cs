using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;
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
        Assert.Equal(SmallMovieLens.Scenarios.Length, honest.GetProperty("scenarios").GetProperty("rederived").GetInt32());
        Assert.Equal(0, honest.GetProperty("shareOfTestRows").GetDouble());
        Assert.Equal(InteractionDataset.Open(small.Data).Description.InteractionsHash, honest.GetProperty("interactionsHash").GetString());

        var planted = CommandRun.Of("audit", "leak", small.Data, "--knowledge", Store("planted.db", KnowledgeProtocol.WholePeriod));
        Assert.Equal(CheckFailed, planted.Code);
        Assert.Empty(planted.Errors);
        Assert.Contains("LEAK: 40 snapshots or rows break the rule", planted.Output, StringComparison.Ordinal);
        Assert.Contains("... and 30 more (--json lists them).", planted.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void KnowledgeOfTheWholePeriodFailsByWhatItMeans()
    {
        Assert.Equal(0, SmallMovieLens.Import(_scratch["whole.db"], small.Data, small.Vectors, "whole-period").Code);

        var run = CommandRun.Of("audit", "leak", small.Data, "--knowledge", _scratch["whole.db"]);

        Assert.Equal(CheckFailed, run.Code);
        Assert.EndsWith("LEAK, as whole-period means it: 100.0 % of the test rows see themselves or their future.\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void AnotherTemplateIsAskedFor()
    {
        File.WriteAllText(_scratch["mine.txt"], PromptTemplate.BuiltIn.Text + "\n[answer]\nThis user\n");

        var run = CommandRun.Of("audit", "leak", small.Data, "--knowledge", Store("honest.db", KnowledgeProtocol.PastOnly), "--template", _scratch["mine.txt"]);

        Assert.Equal(CheckFailed, run.Code);
        Assert.Contains("written with another template than this one: none can be written again. Name their template with --template.", run.Output, StringComparison.Ordinal);
    }

    /// <summary>Titles are cut by the tokens of the model that was asked, which has three for each character that it does not know.</summary>
    [Fact]
    public void PromptsWithCutTitlesAreWrittenAgainWithTheModelThatWasAsked()
    {
        SmallPrompts.WithCutTitles(_scratch["data"], _scratch["knowledge.db"]);
        string[] audit = ["audit", "leak", _scratch["data"], "--knowledge", _scratch["knowledge.db"]];

        var without = CommandRun.Of(audit);
        Assert.Equal(CheckFailed, without.Code);
        Assert.Contains("cannot be written again. Titles of more than 64 tokens were cut by the model that was asked: name it with --model.\n", without.Output, StringComparison.Ordinal);
        Assert.EndsWith("No leak: every prompt is accounted for, and no row sees itself or its future.\n", CommandRun.Succeeding([.. audit, "--model", "embedded"]).Output, StringComparison.Ordinal);
        CommandRun.Of("audit", "leak", small.Data, "--knowledge", Store("other.db", KnowledgeProtocol.PastOnly), "--model", "embedded").AssertFails(FaultKind.Usage,
            $"'embedded' is not the model that the knowledge in '{_scratch["other.db"]}' was made with (tiny): its tokenizer is another. Name that model.");
    }

    [Fact]
    public void ARunWithoutKnowledgeIsRefused() => CommandRun.Of("audit", "leak", small.Data, small.PlainRun, "--knowledge", small.Store).AssertFails(FaultKind.Usage,
        $"The model in '{small.PlainRun}' reads no knowledge, so that there is nothing to audit. Leave the run out to audit the store.");

    private string Store(string name, KnowledgeProtocol made) => SmallPrompts.Store(_scratch[name], small.Data, made);
}
