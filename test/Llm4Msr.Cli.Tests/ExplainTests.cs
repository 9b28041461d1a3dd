using System.Text.Json;
using Llm4Msr.Data;
using Llm4Msr.Import;
using Llm4Msr.Models;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Cli.Tests;

/// <summary>What <c>explain</c> says about one prediction.</summary>
public sealed class ExplainTests(SmallRuns small) : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void ARowOfTheDataIsExplainedInOneLinePerCallOfTheModel()
    {
        var run = CommandRun.Succeeding("explain", small.EnhancedRun, "--row", "1190", "--seed", "2", "--knowledge", small.Store);

        Assert.Matches(@"\Astar \+ llm4msr, real knowledge, seed 2: user '\d+', item '\d+', [a-z ]+ \(rank 1190, (not )?clicked\)\nProbability 0\.\d{4}, logit [+-]\d\.\d{4}\.\n", run.Output);
        Assert.Contains("Alpha, the scenario level's share in the logit: 0.", run.Output, StringComparison.Ordinal);
        Assert.Equal(3, run.Output.Split('\n').Count(l => l.StartsWith("  without user knowledge ", StringComparison.Ordinal)
            || l.StartsWith("  without scenario knowledge ", StringComparison.Ordinal) || l.StartsWith("  with that of user '", StringComparison.Ordinal)));
        Assert.Contains("The vector of the user was made elsewhere, without a text.\n", run.Output, StringComparison.Ordinal);
        Assert.EndsWith("evidence of what was known, not the cause of the prediction.\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void TheJsonHoldsTheSameAndAModelWithoutKnowledgeSaysSo()
    {
        string[] row = ["--user", "7", "--item", "12", "--scenario", SmallMovieLens.Scenarios[0]];

        var plain = CommandRun.Succeeding(["explain", small.PlainRun, .. row, "--json"]).Json.GetProperty("explanation");
        Assert.Equal(JsonValueKind.Null, plain.GetProperty("knowledge").ValueKind);
        Assert.Equal(ModelFolder.Open(small.PlainRun).Encoder.Schema.Fields.Select(f => f.Name).Order(StringComparer.Ordinal),
            plain.GetProperty("fields").EnumerateArray().Select(f => f.GetProperty("field").GetString()!).Order(StringComparer.Ordinal));
        Assert.Contains("This model reads no knowledge.\n", CommandRun.Succeeding(["explain", small.PlainRun, .. row]).Output, StringComparison.Ordinal);

        var enhanced = CommandRun.Succeeding(["explain", small.EnhancedRun, .. row, "--json"]).Json;
        Assert.Equal("7", enhanced.GetProperty("explanation").GetProperty("user").GetString());
        Assert.InRange(enhanced.GetProperty("explanation").GetProperty("shares").GetProperty("scenario").GetDouble(), 0, 1);
        Assert.Equal(JsonValueKind.Null, enhanced.GetProperty("evidence").ValueKind);
    }

    [Fact]
    public void ContextIsReadWhereItIsGivenAndSaidToBeMissingWhereNot()
    {
        var raw = PlantedData.Generate(new PlantedOptions { Users = 30, InteractionsPerUser = 30 }).Raw;
        string[] hours = ["morning", "evening"];
        raw = raw with { ContextFields = ["hour"], Interactions = [.. raw.Interactions.Select(i => i with { Context = [hours[i.Clicked ? 0 : 1]] })] };
        DurableFile.WriteFolder(_scratch["data"], folder => PreparedDataWriter.Write(folder, raw, new SplitOptions(SplitKind.User)));
        CommandRun.Succeeding(["train", _scratch["data"], "--out", _scratch["run"], .. SmallRuns.Small, "--learning-rate", "0.01"]);
        string[] row = ["explain", _scratch["run"], "--user", raw.Users.Keys[3], "--item", raw.Items.Keys[5], "--scenario", raw.Scenarios[0].Name];

        var without = CommandRun.Succeeding(row);
        Assert.Contains("  hour = not given ", without.Output, StringComparison.Ordinal);
        Assert.EndsWith("Not given: hour. The model read a value never seen in their place; --context FIELD=VALUE gives one.\n", without.Output, StringComparison.Ordinal);
        var strange = CommandRun.Succeeding([.. row, "--context", "hour=noon"]);
        Assert.Contains("  hour = never seen ", strange.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Not given", strange.Output, StringComparison.Ordinal);
        Assert.Contains("  hour = morning ", CommandRun.Succeeding([.. row, "--context", "hour=morning"]).Output, StringComparison.Ordinal);
        Assert.True(Probability("morning") > Probability("evening")); // as planted

        CommandRun.Of([.. row, "--context", "day=1"]).AssertFails(FaultKind.Usage, "--context names 'day'. The model reads: hour.");
        CommandRun.Of([.. row, "--context", "hour"]).AssertFails(FaultKind.Usage, "--context is 'hour', expected FIELD=VALUE.");
        CommandRun.Of("explain", _scratch["run"], "--row", "3", "--context", "hour=morning").AssertFails(FaultKind.Usage, "--context belongs to --user: a row of the data has its own. Leave it out.");
        Assert.Contains("  hour = ", CommandRun.Succeeding("explain", _scratch["run"], "--row", "3").Output, StringComparison.Ordinal);

        double Probability(string hour) =>
            CommandRun.Succeeding([.. row, "--context", $"hour={hour}", "--json"]).Json.GetProperty("explanation").GetProperty("probability").GetDouble();
    }

    [Fact]
    public void WhatCannotBeExplainedIsRefusedWithTheWayOut()
    {
        CommandRun.Of("explain", small.PlainRun, "--user", "7", "--item", "12").AssertFails(FaultKind.Usage,
            "Say either --row RANK, or --user ID, --item ID and --scenario NAME.");
        CommandRun.Of("explain", small.PlainRun, "--row", "1200").AssertFails(FaultKind.Usage, "--row is 1200, expected a rank from 0 to 1199.");
        CommandRun.Of("explain", small.PlainRun, "--user", "7", "--item", "12", "--scenario", "comedy").AssertFails(FaultKind.Usage,
            $"--scenario is 'comedy'. The model knows: {string.Join(", ", SmallMovieLens.Scenarios)}.");
        CommandRun.Of("explain", small.PlainRun, "--row", "3", "--knowledge", small.Store).AssertFails(FaultKind.Usage,
            $"The model in '{small.PlainRun}' reads no knowledge, so that no text stands behind its predictions. Leave --knowledge out.");
    }

    [Fact]
    public void TheTextAndThePromptThatTheRowSeesAreShownAsEvidence()
    {
        var store = SmallPrompts.Store(_scratch["prompts.db"], small.Data);
        string[] train = ["train", small.Data, .. SmallRuns.Small, "--enhancement", "llm4msr", "--knowledge", store, "--components", "2"];
        CommandRun.Succeeding([.. train, "--out", _scratch["run"]]);
        CommandRun.Succeeding([.. train, "--out", _scratch["shuffled"], "--arm", "shuffled"]);

        var json = CommandRun.Succeeding("explain", _scratch["run"], "--row", "1190", "--knowledge", store, "--json").Json;
        var explanation = json.GetProperty("explanation");
        var (user, asOf) = (explanation.GetProperty("user").GetString(), explanation.GetProperty("knowledge").GetProperty("asOfRank").GetInt64());
        var said = json.GetProperty("evidence").GetProperty("user");
        Assert.Equal($"about user {user} as of {asOf}", said.GetProperty("text").GetString());
        Assert.Contains($"user_{user} liked: Film ", said.GetProperty("prompt").GetString(), StringComparison.Ordinal);
        Assert.Equal($"about {explanation.GetProperty("scenario").GetString()}", json.GetProperty("evidence").GetProperty("scenario").GetProperty("text").GetString());
        Assert.Contains("not the cause", json.GetProperty("caution").GetString(), StringComparison.Ordinal);
        Assert.Contains($"Said about the user: about user {user} as of {asOf}\n  Asked: On platform MovieLens", CommandRun.Succeeding("explain", _scratch["run"], "--row", "1190", "--knowledge", store).Output, StringComparison.Ordinal);

        CommandRun.Of("explain", _scratch["shuffled"], "--row", "1190", "--knowledge", store).AssertFails(FaultKind.Usage,
            $"The model in '{_scratch["shuffled"]}' is a control (shuffled): its users carry vectors that are not about them. Leave --knowledge out.");
        var other = CommandRun.Of("explain", _scratch["run"], "--row", "1190", "--knowledge", small.Store);
        Assert.Equal(5, other.Code);
        Assert.Contains($"is not what '{_scratch["run"]}' was trained with", other.Errors, StringComparison.Ordinal);
    }
}
