using System.Text.Json;
using Llm4Msr.Cli.Configuration;
using Llm4Msr.Cli.Grids;
using Llm4Msr.Data;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Cli.Tests;

public sealed class SweepTests(SmallRuns small) : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void EachArmGetsTheSameSettingsAndTheBestByValidationIsChosen()
    {
        var run = CommandRun.Succeeding(Command(_scratch["sweep"]));

        var arms = run.Json.GetProperty("arms").EnumerateArray().ToList();
        Assert.Equal(["shared-bottom", "star"], arms.Select(a => a.GetProperty("arm").GetProperty("model.backbone").GetString()).Order());
        foreach (var arm in arms)
        {
            var trials = arm.GetProperty("trials").EnumerateArray().ToList();
            Assert.Equal(["0.0001", "0.05"], trials.Select(t => t.GetProperty("settings").GetProperty("training.learningRate").GetString()).Order());
            var best = trials.MinBy(t => t.GetProperty("monitor").GetDouble()); // of log losses
            Assert.Equal(best.GetProperty("name").GetString(), arm.GetProperty("chosen").GetString());
            Assert.All(trials, t => Assert.False(t.TryGetProperty("test", out _)));
        }
        Assert.True(File.Exists(_scratch["sweep/sweep.json"]));

        var before = FolderState.Of(_scratch["sweep/runs"]);
        File.Delete(_scratch["sweep/sweep.json"]);
        Assert.Equal(run.Output, CommandRun.Succeeding(Command(_scratch["sweep"])).Output);
        Assert.Equal(before, FolderState.Of(_scratch["sweep/runs"]));
    }

    [Fact]
    public void AStoppedSweepGoesOn()
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        var stopped = CommandRun.Of(stop.Token, Command(_scratch["sweep"]));
        Assert.Equal(130, stopped.Code);

        Assert.Equal(4, CommandRun.Succeeding(Command(_scratch["sweep"])).Json.GetProperty("arms").EnumerateArray().Sum(a => a.GetProperty("trials").GetArrayLength()));
    }

    [Fact]
    public void TrialsAreDrawnAlikeForEveryArm()
    {
        var plan = Plan(["model.backbone=star,mmoe,ple"], ["training.learningRate=1,2,3,4", "training.batchSize=10,20,30,40"], trials: 3);

        Assert.Equal(9, plan.Count);
        Assert.Single(plan.GroupBy(t => t.Arm.Name).Select(arm => string.Join(';', arm.Select(t => Cell.Spelled(t.Settings)))).Distinct());
        Assert.Equal(9, plan.Select(t => t.Name).Distinct().Count());
        Assert.True(plan.Take(3).Select(t => t.Config.Training.LearningRate).Distinct().Count() > 1); // not the first ones
    }

    [Fact]
    public void AnArmTakesOfTheValuesWhatItReads()
    {
        var plan = Plan(["model.enhancement=none,llm4msr"], ["training.learningRate=1,2"], set: ["model.fusion.layers=3", "training.generatorLearningRate=0.5"]);

        Assert.Equal([null, null, 3, 3], plan.Select(t => t.Config.Model.Fusion?.Layers));
        Assert.Equal([3e-5, 3e-5, 0.5, 0.5], plan.Select(t => t.Config.Training.GeneratorLearningRate));
        Assert.All(plan, t => Assert.Equivalent(t.Config, Config.Resolve([JsonSerializer.SerializeToNode(t.Config, Config.Json)!.AsObject()], null), strict: true)); // which is what a trial is started with
        Assert.Equal(
            "model.fusion.layers is 3, and no trial reads it: it belongs to --enhancement llm4msr. Leave it out.",
            Assert.Throws<Llm4MsrException>(() => Plan(["model.enhancement=none,epnet"], [], set: ["model.fusion.layers=3"])).Message);
    }

    [Fact]
    public void ListsAreValuesToo()
    {
        var plan = Plan([], ["model.hiddenWidths=[64,32],[8]"]);

        Assert.Equal([[64, 32], [8]], plan.Select(t => t.Config.Model.HiddenWidths));
    }

    /// <summary>The fault of a public tuner: names from the sorted characters of the settings.</summary>
    [Fact]
    public void DifferentSettingsHaveDifferentNames()
    {
        List<TrainConfig> configs = [];
        foreach (var (batch, epochs) in new[] { (12, 21), (21, 12), (122, 1), (1, 122), (11, 22), (22, 11), (112, 2) })
        {
            foreach (var (rate, decay) in new[] { (0.12, 0.21), (0.21, 0.12), (0.1, 0.221), (0.122, 0.1) })
            {
                var config = Config.Resolve([], null);
                configs.Add(config with { Training = config.Training with { BatchSize = batch, Epochs = epochs, LearningRate = rate, WeightDecay = decay } });
            }
        }
        var data = InteractionDataset.Open(small.Data).Description;
        var sorted = configs.Select(c => string.Concat(JsonSerializer.Serialize(c, Config.Json).Order())).Distinct().Count();

        Assert.True(sorted < configs.Count); // the fault would meet these
        Assert.Equal(configs.Count, configs.Select(c => Cell.NameOf(c, data, null)).Distinct().Count());
        Assert.NotEqual(Cell.NameOf(configs[0], data, null), Cell.NameOf(configs[0], data with { TrainingPartHash = "other" }, null));
        Assert.Equal(Cell.NameOf(configs[0], data, null), Cell.NameOf(configs[0] with { CheckpointMinutes = 3 }, data, null));
    }

    [Fact]
    public void TheOrderOfKeysAndTheSpellingOfNumbersNameNothing()
    {
        var one = Plan([], ["training.learningRate=0.001", "training.batchSize=64"])[0];
        var other = Plan([], ["training.batchSize=64", "training.learningRate=1e-3"])[0];

        Assert.Equal(one.Name, other.Name);
    }

    [Fact]
    public void ATrialThatFailsIsNamedAndNothingIsCompared()
    {
        string[] command = ["sweep", small.Data, "--out", _scratch["sweep"], .. Base(), "--vary", "training.learningRate=0.001,1e30"];

        var run = CommandRun.Of(command);

        Assert.Equal((int)FaultKind.CheckFailed, run.Code);
        Assert.Contains("Try a lower learning rate.", run.Errors, StringComparison.Ordinal);
        Assert.Contains("1 of 2 trials failed", run.Errors, StringComparison.Ordinal);
        Assert.False(File.Exists(_scratch["sweep/sweep.json"]));
    }

    /// <summary>The first trial would have trained before the second one is told what is wrong with it.</summary>
    [Theory]
    [InlineData("training.learningRate=0.001,-1", "learningRate -1", FaultKind.Usage, "These options cannot be used: learning-rate is -1, expected more than 0.")]
    [InlineData("state=mean,none", "state none", FaultKind.Usage, "The knowledge of 'imported' holds no state 'none'. It holds: mean.")]
    [InlineData("model.transfer.scenarioOrder=[2,1,0],[0,1,3]", "scenarioOrder [0,1,3]", FaultKind.Usage, "The scenario order is 0,1,3, expected each of the scenarios 0 to 2 once.")]
    [InlineData("arm=real,shuffled", "arm shuffled", FaultKind.Usage,
        "--arm shuffled puts other vectors where users' knowledge is read, and --user-level none reads none. Leave it out, or give the user level a place.",
        "model.fusion.userLevel=none", "model.fusion.components=null")]
    public void ATrialThatCannotBeTrainedCostsNoOther(string vary, string trial, FaultKind kind, string sentence, params string[] set)
    {
        CommandRun.Of([
            "sweep", small.Data, "--out", _scratch["sweep"], .. Base(), "--set", "model.backbone=aitm", "--set", "model.enhancement=llm4msr", "--set", $"knowledge={small.Store}",
            .. set.SelectMany(s => (string[])["--set", s]), "--vary", vary,
        ]).AssertFails(kind, $"The trial '-; {trial}' cannot be trained, so none was. {sentence}");

        Assert.False(Directory.Exists(_scratch["sweep"]));
    }

    [Fact]
    public void WhatIsFinishedIsCheckedToo()
    {
        string[] sweep = ["sweep", small.Data, "--out", _scratch["sweep"], "--json", .. Base(), "--set", "training.epochs=1", "--vary", "training.learningRate=0.001"];
        CommandRun.Succeeding(sweep);

        CommandRun.Of([.. sweep, "--set", "seeds=0"]).AssertFails(
            FaultKind.Usage, "The trial '-; learningRate 0.001' cannot be trained, so none was. --seeds is 0, expected 1 or more.");
    }

    [Fact]
    public void WhatNoTrialOrNotEveryArmReadsIsNeitherVariedNorCompared()
    {
        Assert.Equal("model.experts.count is varied, and no trial reads it: it belongs to --backbone omoe or mmoe. Leave it out.", Refused([], ["model.experts.count=4,2"]));
        Assert.Equal(
            "model.experts.count is varied, and the arm 'backbone star' does not read it (it belongs to --backbone omoe or mmoe), so that it would have fewer trials than others. Vary what every arm reads.",
            Refused(["model.backbone=mmoe,star"], ["model.experts.count=4,2"]));
        Assert.Equal(
            "model.experts.count is compared, and the arm 'backbone star, count 4' does not read it (it belongs to --backbone omoe or mmoe), so that it would be the same training as 'backbone star, count 2'. Compare what every arm reads.",
            Refused(["model.backbone=mmoe,star", "model.experts.count=4,2"], []));

        string Refused(string[] compared, string[] varied) => Assert.Throws<Llm4MsrException>(() => Plan(compared, varied)).Message;
    }

    [Theory]
    [InlineData("training.learningRate", "--vary is 'training.learningRate', expected KEY=VALUE,VALUE, for example training.learningRate=0.001,0.0003.")]
    [InlineData("training.learningRate=1,1", "--vary training.learningRate=1,1 names a value twice.")]
    [InlineData("training.rate=1", "There is no key 'training.rate'. Did you mean 'training.patience'?")]
    public void WhatCannotBeVariedIsNamed(string vary, string sentence)
    {
        var run = CommandRun.Of("sweep", small.Data, "--out", _scratch["sweep"], "--vary", vary);
        Assert.Equal((int)FaultKind.Usage, run.Code);
        Assert.StartsWith($"error: {sentence.Split(" Did")[0]}", run.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_scratch["sweep"]));
    }

    [Fact]
    public void AKeyIsComparedOrVariedAndNotBoth()
    {
        var fault = Assert.Throws<Llm4MsrException>(() => Plan(["model.backbone=star,ple"], ["model.backbone=mmoe,aitm"]));
        Assert.Contains("model.backbone is varied, and it is what arms differ in", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TwoSpellingsOfAValueAreNotTwoTrials()
    {
        var fault = Assert.Throws<Llm4MsrException>(() => Plan(["model.backbone=star,ple"], ["training.learningRate=0.001,1e-3"]));
        Assert.Contains("'backbone star; learningRate 0.001' and 'backbone star; learningRate 1e-3' are one training", fault.Message, StringComparison.Ordinal);
    }

    private string[] Command(string output) =>
    [
        "sweep", small.Data, "--out", output, "--jobs", "2", "--json", .. Base(), "--set", "training.monitor=log-loss",
        "--compare", "model.backbone=star,shared-bottom", "--vary", "training.learningRate=0.0001,0.05",
    ];

    private static string[] Base() =>
        ["--set", "training.epochs=2", "--set", "training.batchSize=128", "--set", "model.embeddingSize=4", "--set", "model.hiddenWidths=8,4"];

    private IReadOnlyList<Cell> Plan(string[] compared, string[] varied, int trials = 0, params string[] set) =>
        SweepPlan.Of([.. set.Select(Config.Assign)], compared, varied, trials, InteractionDataset.Open(small.Data).Description);
}
