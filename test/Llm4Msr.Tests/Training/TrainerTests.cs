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
    public void ABatchMayBeLargerThanAllRows()
    {
        using var sample = SampleModel.Of(_data, BackboneKind.SharedBottom, "none");
        using var trainer = Trainer(sample, s_options with { BatchSize = int.MaxValue, Epochs = 1 });

        Assert.Equal(1, trainer.Steps);
        Assert.True(trainer.Fit().Single().Loss > 0);
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

    [Theory]
    [InlineData(BackboneKind.SharedBottom)]
    [InlineData(BackboneKind.Star)] // moves averages in its forward pass
    public void ALossThatIsNotANumberStopsBeforeTheWeightsChange(BackboneKind backbone)
    {
        using var sample = SampleModel.Of(_data, backbone, "none");
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

    [Fact]
    public void AGradientThatIsNotFiniteStopsBeforeTheWeightsChange()
    {
        var random = new Random(1);
        for (var injection = 0; injection < 100; injection++)
        {
            using var sample = SampleModel.Of(_data, BackboneKind.SharedBottom, "none");
            using var trainer = Trainer(sample, s_options);
            var (faultyStep, steps) = (random.Next(trainer.Steps - 1), 0);
            var weights = new Dictionary<string, byte[]>();

            var error = Assert.Throws<Llm4MsrException>(() => _ = trainer.Fit((_, _, loss) =>
            {
                Assert.True(float.IsFinite(loss));
                if (steps++ != faultyStep)
                    return;
                LetGradientsOverflow(sample.Model);
                weights = Weights(sample);
            }).ToList());

            Assert.Matches($"^The gradient of '[a-z_.0-9]+' in epoch 1, batch {faultyStep + 2} is not finite; the weights were left as they were before it\\.", error.Message);
            Assert.Equal(weights, Weights(sample));
            var rowsLeft = _data.RanksOf(Part.Training).Length - (faultyStep + 1) * s_options.BatchSize;
            Assert.Equal(Math.Min(rowsLeft, s_options.BatchSize), ((int[])error.Data[TrainingStep.RowsOfBatch]!).Length);
        }
    }

    /// <summary>Small numbers before large weights: logits and loss are finite, and what flows back past the large weights is not.</summary>
    private static void LetGradientsOverflow(ClickModel model)
    {
        using var frozen = torch.no_grad();
        foreach (var (name, parameter) in model.named_parameters())
        {
            if (name.Contains(".bottom.", StringComparison.Ordinal))
                parameter.copy_(parameter.abs() * 1e-10f);
            else if (name.Contains(".tower.", StringComparison.Ordinal) && name.EndsWith(".weight", StringComparison.Ordinal))
                parameter.copy_(torch.full_like(parameter, 1e22f));
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
