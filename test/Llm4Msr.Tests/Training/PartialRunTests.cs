using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Platform;
using Llm4Msr.Serving;
using Llm4Msr.Testing;
using Llm4Msr.Tests.Knowledge;
using Llm4Msr.Training;

namespace Llm4Msr.Tests.Training;

/// <summary>Runs that know the most active users alone, or some scenarios alone.</summary>
public sealed class PartialRunTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();
    private readonly InteractionDataset _data;
    private readonly KnowledgeTable _table;

    public PartialRunTests()
    {
        _data = SampleData.Prepared(_scratch);
        _table = TableOf(_data, seed: 1);
    }

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void ARunOfTheMostActiveUsersKeepsTheirKnowledgeAloneAndSaysSo()
    {
        var run = Run("active", Fused() with { ActiveUsers = 20 });
        run.Train(1);

        var folder = ModelFolder.Open(run.Path);
        Assert.Equal(UserActivity.MostActive(_data, 20).Order(StringComparer.Ordinal), folder.Knowledge!.Users.Select(u => u.Id));
        Assert.All(folder.Knowledge.Users, user => Assert.Equal(_table.UserVector(_table.RowsOf(user.Id).First).ToArray(), folder.Knowledge.UserVector(folder.Knowledge.RowsOf(user.Id).First).ToArray()));
        Assert.Equal(_table.ScenarioVectors, folder.Knowledge.ScenarioVectors);
        Assert.Equal(20, folder.Description.Knowledge!.ActiveUsers);
        Assert.Contains("its options differ", Assert.Throws<Llm4MsrException>(() => Run("active", Fused() with { ActiveUsers = 30 })).Message, StringComparison.Ordinal);
        Assert.Contains("its options differ", Assert.Throws<Llm4MsrException>(() => Run("active", Fused())).Message, StringComparison.Ordinal);
    }

    /// <summary>Both where knowledge is the folder's own and where newer knowledge takes its place.</summary>
    [Fact]
    public void WhomAPolicyLeavesOutIsScoredAsSomebodyWithoutKnowledge()
    {
        var run = Run("active", Fused() with { ActiveUsers = 20, Training = Fused().Training with { KnowledgeDropout = 0.3 } });
        run.Train(1);
        using var own = ClickPredictor.Load(run.Path);
        using var newer = ClickPredictor.Load(run.Path, newer: TableOf(_data, seed: 2));
        var active = UserActivity.MostActive(_data, 20);
        var known = active.First();
        var hidden = _data.Encoder.Users.Keys.First(id => !active.Contains(id));

        Assert.Equal(Probability(own, hidden), Probability(newer, hidden));
        Assert.NotEqual(Probability(own, known), Probability(newer, known));

        static float Probability(ClickPredictor predictor, string user) => predictor.Predict(predictor.Encode([new RawRow(0, user, "item-3", ["morning"])]))[0];
    }

    [Fact]
    public void NoLabelOfALeftOutScenarioReachesAModel()
    {
        string[] trained = [_data.Description.Scenarios[0].Name, _data.Description.Scenarios[2].Name];
        var other = SampleData.Prepared(_scratch, SampleData.Raw(change: row => row.Scenario == 1 ? row with { Clicked = !row.Clicked } : row));
        var options = new RunOptions { Model = new ModelOptions { Backbone = BackboneKind.Star, EmbeddingSize = 4, HiddenWidths = [8, 4] }, Training = s_short, Scenarios = trained };

        var one = new TrainingRun(_data, "data", null, options, _scratch["one"]).Train(1);
        var two = new TrainingRun(other, "data", null, options, _scratch["two"]).Train(1);
        var all = new TrainingRun(other, "data", null, options with { Scenarios = null }, _scratch["all"]).Train(1);

        Assert.Equal(one.Weights, two.Weights);
        Assert.NotEqual(one.Weights, all.Weights);
        Assert.Equal([true, false, true], two.Test.Scenarios.Select(s => s.Rows > 0));
        Assert.Equal([true, false, true], two.Validation.Scenarios.Select(s => s.Rows > 0));
        using var predictor = ClickPredictor.Load(_scratch["one"]);
        Assert.Equal([true, false, true], _data.Description.Scenarios.Select(s => predictor.ScenarioIndex(s.Name) >= 0));
    }

    [Fact]
    public void TheStatisticsOfScenarioKnowledgeAreThoseOfTheTrainedOnes()
    {
        string[] trained = [_data.Description.Scenarios[0].Name, _data.Description.Scenarios[2].Name];
        var options = Fused() with { Scenarios = trained };
        var one = Run("one", options);
        one.Train(1);

        Assert.Equal(2, ModelFolder.Open(one.Path).Description.Knowledge!.ScenarioWidth); // coordinates of the space that two vectors span
    }

    [Fact]
    public void AnUnknownScenarioIsNamed() => Assert.Equal(
        "There is no scenario 'serch'. There are: search, feed, shop. Did you mean 'search'?",
        Assert.Throws<Llm4MsrException>(() => Run("none", Fused() with { Scenarios = ["serch"] })).Message);

    [Fact]
    public void AStandInWithItsOwnKnowledgeIsTheScenarioThatItStandsFor()
    {
        var run = Run("all", Fused());
        run.Train(1);
        var folder = ModelFolder.Open(run.Path);
        using var model = folder.Load(1);
        var names = _data.Description.Scenarios.Select(s => s.Name).ToList();
        var ranks = _data.RanksOf(Part.Test, [names[1]]);
        float[] Logits(int parameters, string? knowledge) => new StandIn(parameters, knowledge).Score(model, _data, ranks, folder.Knowledge!).Logits;
        using var visible = TrainingRun.Visible(_data, folder.Knowledge!, model);
        float[] Direct(int scenario) => Scorer.Score(
            model, _data.Encoder, _data.Rows(ranks) with { Scenario = [.. ranks.Select(_ => scenario)] }, visible.Frozen, visible.RowsAt(ranks));

        Assert.Equal(Direct(1), Logits(1, names[1])); // as it is
        Assert.Equal(Direct(2), Logits(2, names[2])); // as another one is
        Assert.NotEqual(Logits(2, names[2]), Logits(2, names[1]));
        Assert.NotEqual(Logits(2, names[1]), Logits(2, null));
        Assert.NotEqual(Logits(2, names[2]), Logits(2, null));
        Assert.NotEqual(Logits(0, names[1]), Logits(2, names[1]));
        var scored = new StandIn(2, names[1]).Score(model, _data, ranks, folder.Knowledge!);
        Assert.All(scored.Scenario, scenario => Assert.Equal(1, scenario)); // they are the scenario's own rows
    }

    private static readonly TrainingOptions s_short = new() { Epochs = 2, BatchSize = 128, GeneratorLearningRate = 1e-2, LearningRate = 1e-2 };

    private static RunOptions Fused() => new()
    {
        Model = new ModelOptions { Backbone = BackboneKind.SharedBottom, Enhancement = EnhancementKind.Llm4msr, EmbeddingSize = 4, HiddenWidths = [8, 4], Fusion = new FusionOptions { Components = 3 } },
        Training = s_short,
        State = Samples.State,
    };

    private TrainingRun Run(string name, RunOptions options) => new(_data, "data", _table, options, _scratch[name]);

    /// <summary>One vector for each user as of the first row, and one for each scenario, which is the same whatever the seed.</summary>
    private static KnowledgeTable TableOf(InteractionDataset data, int seed)
    {
        string[] users = [.. data.Encoder.Users.Keys.Order(StringComparer.Ordinal)], scenarios = [.. data.Description.Scenarios.Select(s => s.Name).Order(StringComparer.Ordinal)];
        return new KnowledgeTable(
            new KnowledgeOrigin(Samples.Fingerprint, Samples.State, data.Description.TrainingPartHash, data.Description.InteractionsHash, $"content {seed}"),
            [.. users.Select(id => new UserSnapshots(id, [0]))], Numbers(new Random(seed), users.Length * Samples.Fingerprint.UserWidth),
            scenarios, Numbers(new Random(99), scenarios.Length * Samples.Fingerprint.ScenarioWidth));

        static float[] Numbers(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (float)(Half)(2 * random.NextSingle() - 1))];
    }
}
