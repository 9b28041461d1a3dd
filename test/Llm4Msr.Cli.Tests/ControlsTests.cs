using System.Text.Json;
using Llm4Msr.Cli.Configuration;
using Llm4Msr.Cli.Grids;
using Llm4Msr.Data;
using Llm4Msr.Models;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Cli.Tests;

public sealed class ControlsTests(SmallRuns small) : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void PlantedKnowledgeHelpsAndNoiseDoesNot()
    {
        using var planted = new PlantedStores(users: 500);

        var truth = CommandRun.Succeeding(Planted(planted.Truth)).Json;
        var noise = CommandRun.Succeeding(Planted(planted.Noise)).Json;

        Assert.Equal("yes", truth.GetProperty("verdict").GetString());
        Assert.Equal(["none", "shuffled", "constant", "random"], truth.GetProperty("because").EnumerateArray().Select(b => b.GetString()));
        Assert.StartsWith("Knowledge helps beyond capacity: yes.", truth.GetProperty("sentence").GetString(), StringComparison.Ordinal);
        Assert.NotEqual("yes", noise.GetProperty("verdict").GetString());
        var arms = truth.GetProperty("arms").EnumerateArray().ToDictionary(a => a.GetProperty("arm").GetString()!);
        Assert.Equal(["none", "real", "shuffled", "constant", "random", "id-embedding", "field"], arms.Keys);
        Assert.True(Auc(arms["field"]) > Auc(arms["none"]) + 0.02); // what is known is known there too
        Assert.True(Auc(arms["real"]) > Auc(arms["id-embedding"]) + 0.02); // an id says nothing about users that training never met

        string[] Planted(string store) => ["controls", planted.Data, "--knowledge", store, "--out", _scratch["planted"], "--json", .. PlantedStores.Trials];

        static double Auc(JsonElement arm) => arm.GetProperty("test")[0].GetProperty("meanAuc").GetDouble();
    }

    /// <summary>Also that what the command scores again is what training said of the same weights, for learned vectors too.</summary>
    [Fact]
    public void WhatIsFinishedIsNeverTrainedAgainAndMoreSeedsAreAddedToTheSameRuns()
    {
        var first = CommandRun.Succeeding([.. Small(), "--seeds", "1"]);
        var one = FolderState.Of(_scratch["small"]);
        var again = CommandRun.Succeeding([.. Small(), "--seeds", "1"]);

        Assert.Equal(7, Directory.GetDirectories(_scratch["small/runs"]).Length);
        Assert.Equal(first.Output, again.Output);
        Assert.Equal(one, FolderState.Of(_scratch["small"])); // the log of a process that is started again would say so

        var two = CommandRun.Succeeding([.. Small(), "--seeds", "2"]);

        var after = FolderState.Of(_scratch["small/runs"]);
        Assert.All(one.Where(file => file.Key.StartsWith("runs", StringComparison.Ordinal)), file => Assert.Equal(file.Value, after[Path.GetRelativePath("runs", file.Key)]));
        Assert.Equal(7, Directory.GetDirectories(_scratch["small/runs"]).Length);
        foreach (var arm in two.Json.GetProperty("arms").EnumerateArray().Where(a => a.GetProperty("arm").GetString() != "real"))
        {
            var trained = arm.GetProperty("test").EnumerateArray().Average(t => t.GetProperty("meanAuc").GetDouble());
            Assert.Equal(2, arm.GetProperty("test").GetArrayLength());
            Assert.Equal(trained, arm.GetProperty("realLess").GetProperty("mean").GetProperty("first").GetDouble(), 1e-12);
        }
        var lines = File.ReadAllLines(_scratch["small/controls.csv"]);
        Assert.Equal(8, lines.Length);
        Assert.StartsWith("arm,trials,settings,validation,test_auc,", lines[0], StringComparison.Ordinal);

        var report = CommandRun.Succeeding("report", _scratch["small"], "--out", _scratch["report.html"], "--json").Json;
        Assert.Equal(two.Json.GetProperty("sentence").GetString(), report.GetProperty("verdict").GetString());
        Assert.Equal(two.Json.GetProperty("arms").EnumerateArray().Select(a => a.GetProperty("arm").GetString()), report.GetProperty("runs").EnumerateArray().Select(r => r.GetString()));

        var oneOfTwo = CommandRun.Succeeding([.. Small(), "--seeds", "1"]);
        CommandRun.Succeeding("report", _scratch["small"], "--out", _scratch["report.html"], "--replicates", "100");
        var figures = JsonDocument.Parse(File.ReadAllText(_scratch["report.json"])).RootElement;
        Assert.Equal(first.Output, oneOfTwo.Output);
        Assert.All(figures.GetProperty("runs").EnumerateArray(), run => Assert.Equal(1, run.GetProperty("seeds").GetArrayLength())); // as many as the verdict is about
    }

    [Fact]
    public void EveryArmHasTheSameTrials()
    {
        var plan = GridPlan.Of(
            [Config.Assign("knowledge", small.Store)], ControlArms.Of(["mean"], "mean"),
            SweepPlan.Settings(["training.learningRate=0.001,0.01,0.1", "training.batchSize=64,128"]), trials: 4, InteractionDataset.Open(small.Data).Description);

        Assert.Equal(7 * 4, plan.Select(c => c.Name).Distinct().Count());
        Assert.Single(plan.GroupBy(c => c.Arm).Select(arm => string.Join(';', arm.Select(c => Cell.Spelled(c.Settings)))).Distinct());
        Assert.All(plan, c => Assert.Equal(c.Arm.Name == "none" ? null : small.Store, c.Config.Knowledge)); // without knowledge one training fits every store
    }

    [Fact]
    public void AStateOfThePromptAloneIsAnArmWhereTheStoreHasIt()
    {
        Assert.Contains(ControlArms.Of(["after_last_token", "last_prompt_token"], "after_last_token"), a => a.Name == "prompt-only" && a.Values["state"] == "last_prompt_token");
        Assert.DoesNotContain(ControlArms.Of(["after_last_token"], "after_last_token"), a => a.Name == "prompt-only");
        Assert.DoesNotContain(ControlArms.Of(["last_prompt_token"], "last_prompt_token"), a => a.Name == "prompt-only"); // it is what real reads
    }

    [Fact]
    public void WhatSomeArmDoesNotReadCannotBeVaried() => CommandRun.Of([.. Small(), "--vary", "training.generatorLearningRate=0.001,0.01"]).AssertFails(
        FaultKind.Usage,
        "training.generatorLearningRate is varied, and the arm 'none' does not read it (it belongs to --enhancement llm4msr), so that it would have fewer trials than others. Vary what every arm reads.");

    [Fact]
    public void WithoutAUserLevelThereIsNothingToControl()
    {
        CommandRun.Of([.. Small()[..^2], "--set", "model.fusion.userLevel=none", "--set", "model.fusion.components=null"]).AssertFails(FaultKind.Usage,
            "The trial 'shuffled; -' cannot be trained, so none was. --arm shuffled puts other vectors where users' knowledge is read, and --user-level none reads none. Leave it out, or give the user level a place.");

        Assert.False(Directory.Exists(_scratch["small"]));
    }

    [Fact]
    public void AGainThatMattersIsADifferenceInAuc() => CommandRun.Of([.. Small(), "--smallest-gain", "1"]).AssertFails(
        FaultKind.Usage, "--smallest-gain is 1, expected more than 0 and less than 0.5, a difference in AUC.");

    [Fact]
    public void OtherKnowledgeInTheSamePlaceIsAnotherCell()
    {
        var (config, data) = (Config.Resolve([Config.Assign("knowledge", "k.db")], null), InteractionDataset.Open(small.Data).Description);

        Assert.NotEqual(Cell.NameOf(config, data, "one"), Cell.NameOf(config, data, "other"));
        Assert.Equal(Cell.NameOf(config, data, "one"), Cell.NameOf(config with { Knowledge = "moved.db" }, data, "one"));
        Assert.Equal(Cell.NameOf(config, data, "one"), Cell.NameOf(config with { Seeds = 5 }, data, "one"));
        Assert.NotEqual(Cell.NameOf(config, data, "one"), Cell.NameOf(config with { Arm = KnowledgeArm.Constant }, data, "one"));
    }

    private string[] Small() => ["controls", small.Data, "--knowledge", small.Store, "--out", _scratch["small"], "--jobs", "2", "--json", .. SmallRuns.SmallFusedTrials];
}
