using Llm4Msr.Data;
using Llm4Msr.Evaluation;
using Llm4Msr.Models;
using Llm4Msr.Platform;
using Llm4Msr.Testing;
using Llm4Msr.Training;

namespace Llm4Msr.Tests.Training;

public sealed class MonitorTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void EachMonitorSaysWhatItsNameSays()
    {
        var metrics = Metrics(("a", 10, 0.8, 0.5), ("b", 30, 0.6, 0.7), ("c", 0, null, null));

        Assert.Equal(0.7, ValidationMonitor.MeanAuc.Worth(metrics), 1e-12);
        Assert.Equal(0.6, ValidationMonitor.WorstAuc.Worth(metrics), 1e-12);
        Assert.Equal(-(10 * 0.5 + 30 * 0.7) / 40, ValidationMonitor.LogLoss.Worth(metrics), 1e-12);
    }

    [Fact]
    public void WithoutAnyAucOnlyLogLossCanChoose()
    {
        var metrics = Metrics(("a", 10, null, 0.5));

        Assert.Equal(-0.5, ValidationMonitor.LogLoss.Worth(metrics), 1e-12);
        foreach (var monitor in new[] { ValidationMonitor.MeanAuc, ValidationMonitor.WorstAuc })
            Assert.Equal(FaultKind.BadInput, Assert.Throws<Llm4MsrException>(() => monitor.Worth(metrics)).Kind);
    }

    [Theory, InlineData(ValidationMonitor.MeanAuc), InlineData(ValidationMonitor.WorstAuc), InlineData(ValidationMonitor.LogLoss)]
    public void TheWeightsKeptAreThoseOfTheEpochThatTheMonitorChose(ValidationMonitor monitor)
    {
        var data = SampleData.Prepared(_scratch);
        using var sample = SampleModel.Of(data, BackboneKind.SharedBottom, "none");
        using var trainer = new Trainer(
            sample.Model, data, data.RanksOf(Part.Training), data.RanksOf(Part.Validation), null,
            new TrainingOptions { BatchSize = 128, LearningRate = 0.03, Epochs = 8, Patience = 8, Monitor = monitor }, seed: 1);

        var results = trainer.Fit().ToList();

        var best = results.MaxBy(r => monitor.Worth(r.Validation))!;
        Assert.Equal(best.Epoch, trainer.Position.Best!.Epoch);
        Assert.Equal(best.Weights, ModelFolder.WeightsHash(sample.Model));
        Assert.Equal(results.Count, results.Select(r => r.Weights).Distinct().Count());
    }

    private static Metrics Metrics(params (string Name, int Rows, double? Auc, double? LogLoss)[] scenarios) =>
        new([.. scenarios.Select(s => new ScenarioMetrics(s.Name, s.Rows, 0, s.Auc, s.LogLoss, null))]);
}
