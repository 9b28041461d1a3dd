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

    [Theory, InlineData(MonitorKind.MeanAuc), InlineData(MonitorKind.WorstAuc)]
    public void WithoutAnyAucOnlyLogLossCanChoose(MonitorKind monitor)
    {
        var data = SampleData.Prepared(_scratch, SampleData.Raw(change: row => row with { Clicked = true }));
        using var sample = SampleModel.Of(data, BackboneKind.SharedBottom, "none");

        Assert.Equal(FaultKind.BadInput, Assert.Throws<Llm4MsrException>(() => Trainer(sample, data, monitor).Fit().First()).Kind);
        Assert.True(Trainer(sample, data, MonitorKind.LogLoss).Fit().First().IsBest);
    }

    [Theory, InlineData(MonitorKind.MeanAuc), InlineData(MonitorKind.WorstAuc), InlineData(MonitorKind.LogLoss)]
    public void TheWeightsKeptAreThoseOfTheEpochThatTheMonitorChose(MonitorKind monitor)
    {
        var data = SampleData.Prepared(_scratch);
        using var sample = SampleModel.Of(data, BackboneKind.SharedBottom, "none");
        using var trainer = Trainer(sample, data, monitor);

        var results = trainer.Fit().ToList();

        var best = results.MaxBy(r => monitor.Value(r.Validation))!;
        Assert.Equal(best.Epoch, trainer.Position.Best!.Epoch);
        Assert.Equal(best.Weights, ModelFolder.WeightsHash(sample.Model));
        Assert.Equal(results.Count, results.Select(r => r.Weights).Distinct().Count());
    }

    private static Trainer Trainer(SampleModel sample, InteractionDataset data, MonitorKind monitor) => new(
        sample.Model, data, data.RanksOf(Part.Training), data.RanksOf(Part.Validation), null,
        new TrainingOptions { BatchSize = 128, LearningRate = 0.03, Epochs = 8, Patience = 8, Monitor = monitor }, seed: 1);
}
