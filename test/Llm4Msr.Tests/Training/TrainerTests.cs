using Llm4Msr.Data;
using Llm4Msr.Evaluation;
using Llm4Msr.Models;
using Llm4Msr.Platform;
using Llm4Msr.Testing;
using Llm4Msr.Training;
using TorchSharp;

namespace Llm4Msr.Tests.Training;

public sealed class TrainerTests : IDisposable
{
    private static readonly TrainingOptions s_options = new() { BatchSize = 128, LearningRate = 3e-3, Epochs = 6, IdDropout = 0.2 };

    private readonly ScratchFolder _scratch = new();
    private readonly InteractionDataset _data;

    public TrainerTests() => _data = SampleData.Prepared(_scratch);

    public void Dispose() => _scratch.Dispose();

    [Theory, InlineData("none"), InlineData("default")]
    public void TheSameSeedGivesTheSameBits(string enhancement)
    {
        Assert.Equal(Hash(seed: 3), Hash(seed: 3));
        Assert.NotEqual(Hash(seed: 3), Hash(seed: 4));

        string Hash(ulong seed)
        {
            using var sample = SampleModel.Of(_data, BackboneKind.Star, enhancement);
            foreach (var _ in Trainer(sample, s_options, seed).Fit())
            {
            }
            using var bytes = new MemoryStream();
            Safetensors.Write(bytes, sample.Model.state_dict().Select(p => (p.Key, p.Value)));
            return FileHash.Of(bytes.ToArray());
        }
    }

    [Theory, InlineData(6, 100), InlineData(100, 2)] // the last epoch reached; stopped early
    public void TheBestEpochsWeightsAreInPlaceAtTheEnd(int epochs, int patience)
    {
        using var sample = SampleModel.Of(_data, BackboneKind.SharedBottom, "none");
        var trainer = Trainer(sample, s_options with { Epochs = epochs, Patience = patience, LearningRate = 0.05 });

        var results = trainer.Fit().ToList();

        Assert.False(results[^1].IsBest); // or the test would show nothing
        Assert.Equal(results.Max(r => r.Validation.MeanAuc), Validate(sample).MeanAuc);
        Assert.Equal(results.Max(r => r.Validation.MeanAuc), results.Last(r => r.IsBest).Validation.MeanAuc);
        Assert.True(results.Count == epochs || results.Count == results.Last(r => r.IsBest).Epoch + patience);
    }

    [Fact]
    public void WhoStopsAskingKeepsTheBestWeightsToo()
    {
        using var sample = SampleModel.Of(_data, BackboneKind.SharedBottom, "none");
        EpochResult? best = null;
        foreach (var result in Trainer(sample, s_options with { Patience = 100, LearningRate = 0.05 }).Fit())
        {
            best = result.IsBest ? result : best;
            if (!result.IsBest)
                break;
        }

        Assert.Equal(best!.Validation.MeanAuc, Validate(sample).MeanAuc);
    }

    [Fact]
    public void TrainingLearnsWhatWasPlanted()
    {
        var data = SampleData.Prepared(_scratch, SampleData.Raw(interactions: 4000));
        using var sample = SampleModel.Of(data, BackboneKind.SharedBottom, "none");
        var options = s_options with { Epochs = 15, Patience = 15, LearningRate = 1e-2 };
        var trainer = new Trainer(sample.Model, data, data.RanksOf(Part.Training), data.RanksOf(Part.Validation), null, options, 1);

        var results = trainer.Fit().ToList();

        Assert.True(results[^1].Loss < results[0].Loss);
        Assert.InRange(results.Max(r => r.Validation.MeanAuc!.Value), 0.62, 1); // clicks follow topic and taste
    }

    [Fact]
    public void ALossThatIsNotANumberStopsBeforeTheWeightsChange()
    {
        using var sample = SampleModel.Of(_data, BackboneKind.SharedBottom, "none");
        var weights = new Dictionary<string, byte[]>();
        var trainer = Trainer(sample, s_options);

        var error = Assert.Throws<Llm4MsrException>(() => _ = trainer.Fit((epoch, step, loss) =>
        {
            if (epoch == 1 && step == 2)
            {
                using var frozen = torch.no_grad();
                sample.Model.parameters().First().fill_(float.PositiveInfinity);
                weights = Weights(sample);
            }
        }).ToList());

        Assert.StartsWith("The loss of epoch 1, batch 4 is NaN", error.Message, StringComparison.Ordinal);
        Assert.Equal(weights, Weights(sample));
    }

    [Theory, InlineData(float.NaN), InlineData(float.PositiveInfinity), InlineData(float.NegativeInfinity)]
    public void AGradientThatIsNotFiniteStopsBeforeTheWeightsChange(float value)
    {
        for (var faultyStep = 0; faultyStep < 34; faultyStep++) // a hundred in all
        {
            using var sample = SampleModel.Of(_data, BackboneKind.SharedBottom, "none");
            var parameters = sample.Model.named_parameters().ToList();
            var (name, parameter) = parameters[faultyStep % parameters.Count];
            var steps = 0;
            var weights = new Dictionary<string, byte[]>();
            using var trainer = Trainer(sample, s_options);

            var error = Assert.Throws<Llm4MsrException>(() => _ = trainer.Fit((_, _, _) =>
            {
                if (steps++ != faultyStep)
                    return;
                parameter.register_hook(gradient => gradient.mul(value));
                weights = Weights(sample);
            }).ToList());

            var next = faultyStep + 1;
            Assert.Equal($"The gradient of '{name}' in epoch {next / trainer.Steps + 1}, batch {next % trainer.Steps + 1} is not finite; "
                + "the weights were left as they were before it. Try a lower learning rate.", error.Message);
            if (next % trainer.Steps > 0)
                Assert.Equal(weights, Weights(sample));
            Assert.NotEmpty((int[])error.Data[TrainingStep.RowsOfBatch]!);
        }
    }

    [Fact]
    public void StepsLeaveNoTensorBehind()
    {
        using var sample = SampleModel.Of(_data, BackboneKind.Star, "default");
        List<long> live = [];
        foreach (var _ in Trainer(sample, s_options with { Patience = 10 }).Fit((_, _, _) => live.Add(DisposeScopeManager.Statistics.ThreadTotalLiveCount)))
        {
        }

        Assert.Single(live.Skip(live.Count / 2).Distinct());
    }

    private Trainer Trainer(SampleModel sample, TrainingOptions options, ulong seed = 1) =>
        new(sample.Model, _data, _data.RanksOf(Part.Training), _data.RanksOf(Part.Validation), sample.Knowledge, options, seed);

    private Metrics Validate(SampleModel sample) => Evaluator.Evaluate(sample.Model, _data, _data.RanksOf(Part.Validation), sample.Knowledge);

    private static Dictionary<string, byte[]> Weights(SampleModel sample) =>
        sample.Model.state_dict().ToDictionary(p => p.Key, p => p.Value.bytes.ToArray());
}
