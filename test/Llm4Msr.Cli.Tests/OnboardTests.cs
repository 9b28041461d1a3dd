using Llm4Msr.Cli.Grids;
using Llm4Msr.Data;
using Llm4Msr.Models;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

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
                ["its prompt", "no knowledge", "no knowledge, mean of all others", .. SmallMovieLens.Scenarios.Where(s => s != name).Select(s => $"the prompt of '{s}'"), "trained with it"],
                scenario.GetProperty("starts").EnumerateArray().Select(s => s.GetProperty("start").GetString()));
        }
        Assert.Equal(4, Directory.GetDirectories(_scratch["onboard/runs"]).Length);
        Assert.Equal(1 + 3 * 6, File.ReadAllLines(_scratch["onboard/onboard.csv"]).Length);

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
