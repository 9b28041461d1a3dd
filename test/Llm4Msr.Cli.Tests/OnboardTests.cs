using Llm4Msr.Cli.Grids;
using Llm4Msr.Data;
using Llm4Msr.Evaluation;
using Llm4Msr.Models;
using Llm4Msr.Platform;
using Llm4Msr.Testing;
using Llm4Msr.Training;

namespace Llm4Msr.Cli.Tests;

public sealed class OnboardTests(SmallRuns small) : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void EachScenarioIsLeftOutInTurnAndStartsFromTheNearestOne()
    {
        var first = CommandRun.Succeeding(Command());
        var state = FolderState.Of(_scratch["onboard"]);
        Assert.Equal(first.Output, CommandRun.Succeeding(Command()).Output);
        Assert.Equal(state, FolderState.Of(_scratch["onboard"]));

        var said = first.Json;
        var scenarios = said.GetProperty("scenarios").EnumerateArray().ToList();
        Assert.Equal(SmallMovieLens.Scenarios, scenarios.Select(s => s.GetProperty("scenario").GetString()));
        foreach (var scenario in scenarios)
        {
            var name = scenario.GetProperty("scenario").GetString();
            var cosines = scenario.GetProperty("cosines").EnumerateObject().ToDictionary(c => c.Name, c => c.Value.GetDouble());
            Assert.Equal(SmallMovieLens.Scenarios.Where(s => s != name).Order(), cosines.Keys.Order());
            Assert.Equal(cosines.MaxBy(c => c.Value).Key, scenario.GetProperty("nearest").GetString());
            Assert.Equal(
                ["its prompt", "its prompt, mean of all others", "no knowledge", "no knowledge, mean of all others", .. SmallMovieLens.Scenarios.Where(s => s != name).Select(s => $"the prompt of '{s}'"), "trained with it"],
                scenario.GetProperty("starts").EnumerateArray().Select(s => s.GetProperty("start").GetString()));
        }
        Assert.Equal(4, Directory.GetDirectories(_scratch["onboard/runs"]).Length);
        Assert.Equal(1 + 3 * 7, File.ReadAllLines(_scratch["onboard/onboard.csv"]).Length);

        Assert.EndsWith("they are about these models, of 1 seed: --seeds 5 says more.", said.GetProperty("remarks").EnumerateArray().Last().GetString(), StringComparison.Ordinal);

        var trials = said.GetProperty("trials").EnumerateArray().ToDictionary(t => t.GetProperty("arm").GetString()!, t => t.GetProperty("run").GetString()!);
        foreach (var name in SmallMovieLens.Scenarios)
            Assert.Equal(SmallMovieLens.Scenarios.Where(s => s != name), ModelFolder.Open(trials[$"without '{name}'"]).Description.Scenarios);
        var full = ModelFolder.Open(trials["all scenarios"]);
        Assert.Null(full.Description.Scenarios);
        Assert.Equal(Llm4Msr.Models.Enhancements.FusionPlacement.None, full.Description.Options.Fusion!.UserLevel); // users' prompts hold the left-out scenario
        var evaluated = CommandRun.Succeeding("evaluate", full.Path, "--json").Json.GetProperty("seeds")[0].GetProperty("metrics").GetProperty("scenarios");
        foreach (var (scenario, k) in scenarios.Select((s, k) => (s, k)))
            Assert.Equal(evaluated[k].GetProperty("auc").GetDouble(), scenario.GetProperty("starts").EnumerateArray().Last().GetProperty("auc").GetDouble(), 1e-12);
    }

    [Fact]
    public void ARunThatNeverSawAScenarioIsNotAskedAboutIt()
    {
        var said = CommandRun.Succeeding([.. Command(), "--scenario", SmallMovieLens.Scenarios[1]]).Json;
        var run = said.GetProperty("trials").EnumerateArray().Single(t => t.GetProperty("arm").GetString()!.StartsWith("without", StringComparison.Ordinal)).GetProperty("run").GetString()!;
        var rank = InteractionDataset.Open(small.Data).RanksOf(Part.Test, [SmallMovieLens.Scenarios[1]])[0];

        Assert.Equal(2, Directory.GetDirectories(_scratch["onboard/runs"]).Length);
        var evaluated = CommandRun.Succeeding("evaluate", run, "--json").Json.GetProperty("seeds")[0].GetProperty("metrics").GetProperty("scenarios");
        Assert.Equal([true, false, true], evaluated.EnumerateArray().Select(s => s.GetProperty("rows").GetInt32() > 0));
        CommandRun.Of("explain", run, "--row", $"{rank}").AssertFails(
            FaultKind.Usage, $"--row {rank} is of '{SmallMovieLens.Scenarios[1]}', which the model was not trained on. It knows: {SmallMovieLens.Scenarios[0]}, {SmallMovieLens.Scenarios[2]}.");
    }

    [Fact]
    public void AMeanOfAllOthersIsThatOfTheirLogitsWithItsPromptAndWithNoKnowledge()
    {
        var name = SmallMovieLens.Scenarios[1];
        string[] learning = ["--set", "training.epochs=3", "--set", "training.learningRate=0.03", "--set", "training.generatorLearningRate=0.03"]; // or knowledge changes no order
        var said = CommandRun.Succeeding([.. Command(), "--scenario", name, .. learning]).Json;
        var starts = said.GetProperty("scenarios")[0].GetProperty("starts").EnumerateArray().ToDictionary(s => s.GetProperty("start").GetString()!, s => s.GetProperty("auc").GetDouble());
        var folder = ModelFolder.Open(said.GetProperty("trials")[1].GetProperty("run").GetString()!);
        using var model = folder.Load(1);
        var data = InteractionDataset.Open(small.Data);
        var ranks = data.RanksOf(Part.Test, [name]);

        Assert.Equal(AucOfMean(name), starts["its prompt, mean of all others"], 1e-12);
        Assert.Equal(AucOfMean(null), starts["no knowledge, mean of all others"], 1e-12);
        Assert.Equal(7, starts.Values.Distinct().Count());

        double AucOfMean(string? knowledge)
        {
            var scored = new[] { 0, 2 }.Select(other => new StandIn(other, knowledge).Score(model, data, ranks, folder.Knowledge!)).ToList();
            float[] mean = [.. scored[0].Logits.Zip(scored[1].Logits, (one, other) => (float)(((double)one + other) / 2))];
            return Auc.Of(mean, scored[0].Clicked)!.Value;
        }
    }

    [Fact]
    public void TheVerdictIsAboutStartsWithoutItsPrompt()
    {
        Assert.Equal(Verdict.SecondAhead, Found(nearestLess: 0.1, allOthersLess: 0.1, itsMeanLess: -0.1).Verdict); // another start from its prompt is none without it
        Assert.Equal(Verdict.FirstAhead, Found(nearestLess: 0.1, allOthersLess: -0.1, itsMeanLess: 0.1).Verdict);
        Assert.Equal("'new' starts behind no knowledge, mean of all others: its prompt does not pay.", Found(0.1, -0.1, -0.1).Sentence());
        Assert.Equal(Verdict.NotShown, Found(nearestLess: 0.1, allOthersLess: 0.001, itsMeanLess: 0.1).Verdict);

        static Onboarding Found(double nearestLess, double allOthersLess, double itsMeanLess) => new(
            "new", "old", new Dictionary<string, double> { ["old"] = 0.9 }, 100, null,
            [
                new(Onboarding.ItsPrompt, "old", 0.6, null), new(Onboarding.ItsPromptAllOthers, null, 0.6, Less(itsMeanLess)), new(Onboarding.NoKnowledge, "old", 0.6, Less(nearestLess)),
                new(Onboarding.AllOthers, null, 0.6, Less(allOthersLess)), new(Onboarding.TrainedWithIt, null, 0.9, Less(-0.3)),
            ]);

        static AucDifference Less(double difference) => new("new", 0.6, 0.6 + difference, difference, new Interval(difference - 0.01, difference + 0.01), 0.005, 0.014, null, null);
    }

    [Fact]
    public void AnUnknownScenarioAndTooFewAreSaidBeforeAnythingIsTrained()
    {
        CommandRun.Of([.. Command(), "--scenario", "comedy"]).AssertFails(
            FaultKind.Usage, $"--scenario is 'comedy'. There are: {string.Join(", ", SmallMovieLens.Scenarios)}, or all for each in turn.");
        var two = InteractionDataset.Open(small.Data).Description;
        two = two with { Scenarios = [.. two.Scenarios.Take(2)] };
        Assert.Equal(
            "The data hold 2 scenarios, and to leave one out 2 others are needed: with a single one nothing could be nearest.",
            Assert.Throws<Llm4MsrException>(() => OnboardingPlan.Of(two, "all")).Message);
        Assert.False(Directory.Exists(_scratch["onboard"]));
    }

    private string[] Command() => ["onboard", small.Data, "--knowledge", small.Store, "--out", _scratch["onboard"], "--json", .. SmallRuns.SmallTrials];
}
