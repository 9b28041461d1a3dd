using Llm4Msr.Data;
using Llm4Msr.Models;
using Llm4Msr.Testing;
using Llm4Msr.Tests.Models;
using Llm4Msr.Training;
using TorchSharp;

namespace Llm4Msr.Tests.Training;

/// <summary>Several trainings side by side, while garbage is collected all the time.</summary>
[Collection(nameof(HeldNumbersTests))]
public sealed class TrainingBesideOthersTests : IDisposable
{
    private const int Trainings = 3, Epochs = 8;

    private readonly ScratchFolder _scratch = new();
    private readonly InteractionDataset _data;

    public TrainingBesideOthersTests() => _data = SampleData.Prepared(_scratch);

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(BackboneKind.Star, "default")]
    [InlineData(BackboneKind.Ple, "dynamic-network")]
    [InlineData(BackboneKind.Aitm, "epnet")]
    [InlineData(BackboneKind.Mmoe, "both-parallel")]
    public void EachTrainsAsIfItWereAlone(BackboneKind backbone, string enhancement)
    {
        var expected = Train(backbone, enhancement);
        using var done = new CancellationTokenSource();
        var collector = new Thread(() =>
        {
            while (!done.IsCancellationRequested)
            {
                GC.Collect(0, GCCollectionMode.Forced, blocking: true);
                GC.WaitForPendingFinalizers();
                for (var k = 0; k < 200; k++)
                    GC.KeepAlive((Scalar)12345.0); // takes the memory that finalizers have just freed
            }
        });
        collector.Start();
        var results = new string[Trainings];
        var faults = new Exception?[Trainings];
        var trainings = Enumerable.Range(0, Trainings).Select(k => new Thread(() =>
        {
            try
            {
                results[k] = Train(backbone, enhancement);
            }
            catch (Exception e)
            {
                faults[k] = e;
            }
        })).ToList();

        trainings.ForEach(t => t.Start());
        trainings.ForEach(t => t.Join());
        done.Cancel();
        collector.Join();

        Assert.All(faults, Assert.Null);
        Assert.All(results, result => Assert.Equal(expected, result));
    }

    /// <summary>The weights after training, the building of the model included.</summary>
    private string Train(BackboneKind backbone, string enhancement)
    {
        torch.set_num_threads(1);
        using var sample = SampleModel.Of(_data, backbone, enhancement);
        using var trainer = new Trainer(
            sample.Model, _data, _data.RanksOf(Part.Training), _data.RanksOf(Part.Validation), sample.Knowledge,
            new TrainingOptions { BatchSize = 16, Epochs = Epochs, Patience = Epochs, IdDropout = 0.2 }, seed: 3);
        return trainer.Fit().Last().Weights;
    }
}
