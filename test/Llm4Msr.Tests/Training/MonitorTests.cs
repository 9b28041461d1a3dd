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
    public void WithoutAnyAucOnlyLogLossCanChoose()
    {
        var data = SampleData.Prepared(_scratch, SampleData.Raw(change: row => row with { Clicked = true, Positive = true }));

        Assert.Single(Train(data, MonitorKind.LogLoss));
        foreach (var monitor in new[] { MonitorKind.MeanAuc, MonitorKind.WorstAuc })
            Assert.Equal(FaultKind.BadInput, Assert.Throws<Llm4MsrException>(() => Train(data, monitor)).Kind);

        static List<EpochResult> Train(InteractionDataset data, MonitorKind monitor)
        {
            using var sample = SampleModel.Of(data, BackboneKind.SharedBottom, "none");
            using var trainer = new Trainer(
                sample.Model, data, data.RanksOf(Part.Training), data.RanksOf(Part.Validation), null, new TrainingOptions { Epochs = 1, Monitor = monitor }, seed: 1);
            return [.. trainer.Fit()];
        }
    }

    [Theory, InlineData(MonitorKind.MeanAuc), InlineData(MonitorKind.WorstAuc), InlineData(MonitorKind.LogLoss)]
    public void TheWeightsKeptAreThoseOfTheEpochThatTheMonitorChose(MonitorKind monitor)
    {
        var data = SampleData.Prepared(_scratch);
        using var sample = SampleModel.Of(data, BackboneKind.SharedBottom, "none");
        using var trainer = new Trainer(
            sample.Model, data, data.RanksOf(Part.Training), data.RanksOf(Part.Validation), null,
            new TrainingOptions { BatchSize = 128, LearningRate = 0.03, Epochs = 8, Patience = 8, Monitor = monitor }, seed: 1);

        var results = trainer.Fit().ToList();

        var best = results.MaxBy(r => monitor.Value(r.Validation))!;
        Assert.Equal(best.Epoch, trainer.Position.Best!.Epoch);
        Assert.Equal(best.Weights, ModelFolder.WeightsHash(sample.Model));
        Assert.Equal(results.Count, results.Select(r => r.Weights).Distinct().Count());
    }
}
