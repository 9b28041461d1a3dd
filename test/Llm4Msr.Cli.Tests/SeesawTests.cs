using System.Text.Json;
using Llm4Msr.Cli.Grids;
using Llm4Msr.Data;
using Llm4Msr.Evaluation;
using Llm4Msr.Models;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Cli.Tests;

public sealed class SeesawTests(SmallRuns small) : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    /// <summary>Items have one number each to say how good they are: it serves two scenarios that agree, and not two that have nothing in common.</summary>
    [Fact]
    public void WhereScenariosHaveNothingInCommonTheSmallOneLosesAndWhereTheyAgreeItGains()
    {
        var conflict = Shared(Run("conflict", Data("conflict", (first, second) => second)));
        var peace = Shared(Run("peace", Data("peace", (first, second) => first)));

        Assert.Equal(["small"], conflict.GetProperty("lost").EnumerateArray().Select(s => s.GetString())); // the number follows the rows, and most are the large one's
        Assert.Contains("'small' loses", conflict.GetProperty("sentence").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, peace.GetProperty("lost").GetArrayLength());
        Assert.Contains("small", peace.GetProperty("gained").EnumerateArray().Select(s => s.GetString())); // the others' rows tell of its items
    }

    [Fact]
    public void EachScenarioIsTrainedAloneByAPlainNetworkAndWhatIsTrainedIsNeverTrainedAgain()
    {
        string[] command = ["seesaw", small.Data, "--backbone", "star", "--knowledge", small.Store, "--out", _scratch["seesaw"], "--json", .. SmallRuns.SmallTrials];
        var first = CommandRun.Succeeding(command);
        var state = FolderState.Of(_scratch["seesaw"]);
        Assert.Equal(first.Output, CommandRun.Succeeding(command).Output);
        Assert.Equal(state, FolderState.Of(_scratch["seesaw"]));

        var models = first.Json.GetProperty("models").EnumerateArray().ToList();
        Assert.Equal(["shared-bottom", "star", "star + llm4msr"], models.Select(m => m.GetProperty("model").GetString()));
        Assert.Equal(JsonValueKind.Null, models[0].GetProperty("scenarios")[0].GetProperty("overSharedBottom").ValueKind);
        var trials = first.Json.GetProperty("trials").EnumerateArray().ToDictionary(t => t.GetProperty("arm").GetString()!, t => ModelFolder.Open(t.GetProperty("run").GetString()!));
        foreach (var (name, k) in SmallMovieLens.Scenarios.Select((name, k) => (name, k)))
        {
            var alone = trials[$"'{name}' alone"];
            Assert.Equal([name], alone.Description.Scenarios);
            Assert.Equal((BackboneKind.SharedBottom, EnhancementKind.None), (alone.Description.Options.Backbone, alone.Description.Options.Enhancement));
            var evaluated = CommandRun.Succeeding("evaluate", alone.Path, "--json").Json.GetProperty("seeds")[0].GetProperty("metrics").GetProperty("scenarios")[k].GetProperty("auc").GetDouble();
            Assert.All(models, m => Assert.Equal(evaluated, m.GetProperty("scenarios")[k].GetProperty("alone").GetDouble(), 1e-12));
        }
        foreach (var model in models.Skip(1))
        {
            Assert.All(Enumerable.Range(0, 3), k => Assert.Equal(
                models[0].GetProperty("scenarios")[k].GetProperty("auc").GetDouble(), model.GetProperty("scenarios")[k].GetProperty("overSharedBottom").GetProperty("first").GetDouble(), 1e-12));
        }
        Assert.EndsWith("of 1 seed: --seeds 5 says more.", string.Join(' ', CommandRun.Succeeding([.. command.Where(word => word != "--json")]).Output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.Equal(1 + 3 * 3, File.ReadAllLines(_scratch["seesaw/seesaw.csv"]).Length);
    }

    [Theory]
    [InlineData(new[] { -0.1, 0.001 }, "star: 'a' loses by being trained with the others, and no scenario is shown to gain.")]
    [InlineData(new[] { -0.1, -0.1 }, "star: 'a', 'b' lose by being trained with the others, and no scenario is shown to gain.")]
    [InlineData(new[] { 0.1, -0.1 }, "star: a seesaw. Trained with the others, 'b' loses and 'a' gains.")]
    [InlineData(new[] { 0.001, 0.1 }, "star: 'b' gains by being trained with the others, and no scenario is shown to lose.")]
    [InlineData(new[] { -0.001, 0.001 }, "star: no scenario is shown to lose or to gain by being trained with the others.")]
    public void WhoLosesAndWhoGainsIsSaidByTheirIntervals(double[] overAlone, string sentence) => Assert.Equal(sentence, SeesawReport.Sentence("star", overAlone.Select((difference, k) =>
        new SeesawRow(Arm.Of("star"), k == 0 ? "a" : "b", new AucDifference("", 0.6, 0.6 + difference, difference, new Interval(difference - 0.01, difference + 0.01), 0.005, 0.014, null, null), null))));

    [Fact]
    public void OneScenarioMakesNoSeesaw()
    {
        var one = InteractionDataset.Open(small.Data).Description;
        Assert.Equal(
            $"The data hold one scenario, '{SmallMovieLens.Scenarios[0]}', and a seesaw needs two or more.",
            Assert.Throws<Llm4MsrException>(() => SeesawPlan.Of(one with { Scenarios = [one.Scenarios[0]] }, BackboneKind.Star, withKnowledge: false)).Message);
    }

    private static JsonElement Shared(CommandRun run) => run.Json.GetProperty("models")[0];

    private CommandRun Run(string name, string data) => CommandRun.Succeeding(
        "seesaw", data, "--backbone", "shared-bottom", "--out", _scratch[$"seesaw-{name}"], "--jobs", "2", "--json", "--set", "training.epochs=12", "--set", "training.batchSize=128",
        "--set", "training.learningRate=0.01", "--set", "model.embeddingSize=1", "--set", "model.hiddenWidths=16,8");

    /// <summary>Whoever meets an item, its quality in the scenario decides.</summary>
    /// <param name="qualityInSmall">From an item's quality in the large scenario and a number of its own.</param>
    private string Data(string name, Func<double, double, double> qualityInSmall)
    {
        const int Users = 150, Items = 60, InLarge = 40, InSmall = 16;
        var random = new Random(4);
        double[] large = [.. Enumerable.Range(0, Items).Select(_ => 2 * random.NextDouble() - 1)], own = [.. Enumerable.Range(0, Items).Select(_ => 2 * random.NextDouble() - 1)];
        List<RawInteraction> rows = [];
        for (var user = 0; user < Users; user++)
        {
            for (var k = 0; k < InLarge + InSmall; k++)
            {
                var (scenario, item) = (k % 7 < 5 ? 0 : 1, random.Next(Items));
                var quality = scenario == 0 ? large[item] : qualityInSmall(large[item], own[item]);
                var clicked = random.NextDouble() < 1 / (1 + Math.Exp(-5 * quality));
                rows.Add(new RawInteraction(scenario, user, item, clicked, clicked, 1_000_000 + rows.Count, []));
            }
        }
        var raw = new RawData(
            name, new PlatformDescription("Sample", "a place for tests", "people", "things", "liked"), [new("large", ""), new("small", "")],
            new RawEntities([.. Enumerable.Range(0, Users).Select(u => $"{u}")], []), new RawEntities([.. Enumerable.Range(0, Items).Select(i => $"{i}")], []),
            [.. Enumerable.Range(0, Items).Select(i => new ItemWords($"Thing {i}", ""))], rows, [], new Dictionary<string, FileFacts>());
        DurableFile.WriteFolder(_scratch[name], folder => PreparedDataWriter.Write(folder, raw, new SplitOptions()));
        return _scratch[name];
    }
}
