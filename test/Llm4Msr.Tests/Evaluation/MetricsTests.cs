using System.Text.Json;
using Llm4Msr.Data;
using Llm4Msr.Evaluation;
using Llm4Msr.Models;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Tests.Evaluation;

public class MetricsTests
{
    private static readonly EvaluationOptions s_any = new() { MinimumPerClass = 1 };

    [Fact]
    public void AScenarioWithoutAucSaysWhyAndIsNamedBesideTheMean()
    {
        var metrics = Metrics.Of(Rows(["a", "b", "c", "d"], [0, 0, 1, 1, 2], [1, 0, 1, 0, 1], [1, 0, 0, 0, 1]), s_any);

        Assert.Equal([null, "no clicks", "only clicks", "no rows"], metrics.Scenarios.Select(s => s.Undefined));
        Assert.Equal(1.0, metrics.MeanAuc);
        Assert.Equal(["b", "c", "d"], metrics.LeftOut);
        Assert.Equal([2, 2, 1, 0], metrics.Scenarios.Select(s => s.Rows));
        Assert.Equal([false, false, false, true], metrics.Scenarios.Select(s => s.LogLoss is null)); // a loss needs a row and no more
        Assert.Equal([false, true, true, true], metrics.Scenarios.Select(s => s.NormalizedEntropy is null));
        Assert.Equal([false, true, false, true], metrics.Scenarios.Select(s => s.PredictedToActual is null));
    }

    [Theory]
    [InlineData(4, 20, "fewer than 5 clicks")]
    [InlineData(5, 20, null)]
    [InlineData(20, 4, "fewer than 5 rows without a click")]
    [InlineData(20, 5, null)]
    public void FewRowsOfOneClassAreNoAuc(int clicked, int unclicked, string? why)
    {
        float[] labels = [.. Enumerable.Repeat(1f, clicked), .. Enumerable.Repeat(0f, unclicked)];

        var metrics = Metrics.Of(Rows(["few"], new int[labels.Length], labels, labels));

        Assert.Equal(why, metrics.Scenarios[0].Undefined);
        Assert.Equal(why is null ? 1.0 : null, metrics.Scenarios[0].Auc);
        Assert.Equal(why is null ? 1.0 : null, metrics.MeanAuc);
        Assert.Equal(why is null ? [] : ["few"], metrics.LeftOut);
    }

    [Fact]
    public void OverallMetricsAreOfAllRowsTogether()
    {
        float[] logits = [2, 1, -1, -2], labels = [1, 0, 1, 0];
        var metrics = Metrics.Of(Rows(["high", "low"], [0, 0, 1, 1], logits, labels), s_any);

        Assert.Equal([1.0, 1.0], metrics.Scenarios.Select(s => s.Auc!.Value));
        Assert.Equal(0.75, metrics.Overall.Auc); // the click of 'low' is behind the other row of 'high'
        Assert.Equal(LogLoss.OfLogits(logits, labels)!.Value, metrics.Overall.LogLoss!.Value, 1e-12);
        Assert.Equal((4, 2), (metrics.Overall.Rows, metrics.Overall.Clicks));
    }

    /// <summary>The second fold's model gives all its rows higher scores than the first: mixed, they would rank behind nothing of it.</summary>
    [Fact]
    public void FoldsOfDifferentModelsAreJudgedOneByOne()
    {
        ScoredRows first = SampleScores.Of(1), second = SampleScores.Of(2, users: 7);
        var higher = second with { Logits = [.. second.Logits.Select(logit => logit + 100)] };

        var together = Metrics.Of(ScoredRows.OfFolds([first, higher]));

        Assert.Equal(
            [.. Metrics.Of(first).Scenarios.Select(s => (s.Scenario + ", fold 1", s.Rows, s.Auc)), .. Metrics.Of(higher).Scenarios.Select(s => (s.Scenario + ", fold 2", s.Rows, s.Auc))],
            together.Scenarios.Select(s => (s.Scenario, s.Rows, s.Auc)));
        Assert.Equal([.. first.User, .. second.User], ScoredRows.OfFolds([first, higher]).User);
        Assert.Throws<ArgumentException>(() => ScoredRows.OfFolds([first, second with { Scenarios = ["other", "names", "here"] }]));
    }

    [Fact]
    public void AScenarioIsJudgedByItsOwnRowsAlone()
    {
        var whole = Metrics.Of(SampleScores.Of(1));
        var changed = SampleScores.Of(1);
        for (var row = 0; row < changed.Count; row++)
            changed.Logits[row] += changed.Scenario[row] == 1 ? 0 : row % 17; // the other scenarios' rows

        Assert.Equal(whole.Scenarios[1], Metrics.Of(changed).Scenarios[1]);
        Assert.NotEqual(whole.Scenarios[0], Metrics.Of(changed).Scenarios[0]);
    }

    [Fact]
    public void TheOrderOfRowsDoesNotMatter()
    {
        var rows = SampleScores.Of(1);
        var (metrics, shuffled) = (Metrics.Of(rows), Metrics.Of(SampleScores.Shuffled(rows)));

        foreach (var (a, b) in metrics.Scenarios.Append(metrics.Overall).Zip(shuffled.Scenarios.Append(shuffled.Overall)))
        {
            Assert.Equal((a.Auc, a.Rows, a.Clicks, a.GroupedAuc), (b.Auc, b.Rows, b.Clicks, b.GroupedAuc)); // to the bit
            Assert.Equal(a.LogLoss!.Value, b.LogLoss!.Value, 1e-12);
            Assert.Equal(a.CalibrationError!.Value, b.CalibrationError!.Value, 1e-12);
        }
    }

    [Fact]
    public void AMonitorIsHigherWhereTheModelIsBetter()
    {
        var metrics = Metrics.Of(Rows(["good", "bad", "empty"], [0, 0, 1, 1], [1, -1, -1, 1], [1, 0, 1, 0]), s_any);
        var certain = Metrics.Of(Rows(["good"], [0, 0], [5, -5], [1, 0]), s_any);

        Assert.Equal(0.5, MonitorKind.MeanAuc.Value(metrics));
        Assert.Equal(0.0, MonitorKind.WorstAuc.Value(metrics));
        Assert.Equal(-metrics.Overall.LogLoss, MonitorKind.LogLoss.Value(metrics));
        Assert.All(Enum.GetValues<MonitorKind>(), kind => Assert.True(kind.Value(certain) > kind.Value(metrics)));
        Assert.All(Enum.GetValues<MonitorKind>(), kind => Assert.Null(kind.Value(Metrics.Of(Rows(["none"], [], [], [])))));
    }

    [Fact]
    public void MetricsKeptAsJsonComeBackWholeOrNotAtAll()
    {
        var metrics = Metrics.Of(SampleScores.Of(1));

        Assert.Equivalent(metrics, JsonSerializer.Deserialize<Metrics>(JsonSerializer.Serialize(metrics)), strict: true);
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Metrics>("""{"Scenarios":[]}""")); // as earlier versions wrote them
    }

    [Fact]
    public void TrainingChoosesByScenariosThatAReportWouldCallTooSmall()
    {
        using var scratch = new ScratchFolder();
        var data = SampleData.Prepared(scratch);
        using var sample = SampleModel.Of(data, BackboneKind.SharedBottom, "none");
        int[] few = [.. data.RanksOf(Part.Validation).GroupBy(rank => (data.Interactions.Scenario[rank], data.Interactions.Clicked[rank])).SelectMany(g => g.Take(2))];

        Assert.NotNull(Evaluator.Evaluate(sample.Model, data, few, null).MeanAuc);
        Assert.Null(Metrics.Of(Evaluator.Score(sample.Model, data, few, null)).MeanAuc);
    }

    [Fact]
    public void AModelThatScoresWithSomethingElseThanNumbersIsNamedByTheRow()
    {
        using var scratch = new ScratchFolder();
        var data = SampleData.Prepared(scratch);
        using var sample = SampleModel.Of(data, BackboneKind.SharedBottom, "none");
        using (var _ = TorchSharp.torch.no_grad())
        {
            foreach (var parameter in sample.Model.parameters())
                parameter.fill_(float.NaN);
        }
        var ranks = data.RanksOf(Part.Test);

        var error = Assert.Throws<Llm4MsrException>(() => Evaluator.Evaluate(sample.Model, data, ranks, null));

        Assert.Equal($"The model scores the interaction of rank {ranks[0]} with NaN, expected a number. Train again with a lower learning rate.", error.Message);
        Assert.Equal(FaultKind.CheckFailed, error.Kind);
    }

    private static ScoredRows Rows(string[] names, int[] scenarios, float[] logits, float[] labels) =>
        new(names, scenarios, [.. Enumerable.Range(0, scenarios.Length)], logits, labels);
}
