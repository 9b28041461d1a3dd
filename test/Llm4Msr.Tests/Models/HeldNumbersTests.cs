using Llm4Msr.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Llm4Msr.Tests.Models;

/// <summary>Alone, because what it does to the process would hit tests beside it that hand numbers to tensor operations.</summary>
[CollectionDefinition(nameof(HeldNumbersTests), DisableParallelization = true)]
public class HeldNumbersCollection;

[Collection(nameof(HeldNumbersTests))]
public class HeldNumbersTests
{
    /// <summary>Progress is drawn by another thread while a model trains; what that thread leaves behind is collected at any moment.</summary>
    [Theory, InlineData(BackboneKind.Star, "default"), InlineData(BackboneKind.Ple, "dynamic-network"), InlineData(BackboneKind.Aitm, "epnet"), InlineData(BackboneKind.Mmoe, "both-parallel")]
    public void AThreadThatMakesGarbageChangesNoLogit(BackboneKind backbone, string enhancement)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var network = new SampleNetwork(ModelVariants.Options(backbone, enhancement), 5);
        network.Logits();
        var before = NetworkChecks.Numbers(network.Logits());
        using var done = new CancellationTokenSource();
        var other = new Thread(() =>
        {
            while (!done.IsCancellationRequested)
            {
                GC.Collect(0, GCCollectionMode.Forced, blocking: true);
                GC.WaitForPendingFinalizers(); // what they freed is written over at once
                for (var k = 0; k < 200; k++)
                    GC.KeepAlive((Scalar)12345.0);
            }
        });

        other.Start();
        try
        {
            for (var k = 0; k < 400; k++)
            {
                using var step = NewDisposeScope();
                Assert.Equal(before, NetworkChecks.Numbers(network.Logits()));
            }
        }
        finally
        {
            done.Cancel();
            other.Join();
        }
    }
}
