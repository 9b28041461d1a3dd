using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Platform;
using static TorchSharp.torch;

namespace Llm4Msr.Tests.Models;

/// <summary>What every backbone with every enhancement must keep, for any number of scenarios and any widths.</summary>
public class NetworkTests
{
    private static readonly (int Scenarios, int[] Hidden)[] s_sizes = [(1, [5]), (2, [12, 8]), (5, [9, 7, 6]), (3, [7]), (2, [6, 5, 4, 3])];

    public static TheoryData<BackboneKind, string> Models => ModelVariants.All;

    private static SampleNetwork Build(BackboneKind backbone, string enhancement, int scenarios, int[] hidden, int rows = 60, ulong seed = 1) =>
        new(ModelVariants.Options(backbone, enhancement) with { HiddenWidths = hidden }, scenarios, rows, seed);

    [Theory, MemberData(nameof(Models))]
    public void ARowsLogitDependsNeitherOnOtherRowsNorOnTheirOrderNorOnTheBatchSize(BackboneKind backbone, string enhancement)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        foreach (var (scenarios, hidden) in s_sizes)
        {
            var network = Build(backbone, enhancement, scenarios, hidden);
            Settle(network);
            Assert.Null(NetworkChecks.RowsAreIndependent(rows => network.Logits(rows), network.ScenarioOfRow.Length));
        }
    }

    [Theory, MemberData(nameof(Models))]
    public void EveryParameterHasAGradient(BackboneKind backbone, string enhancement)
    {
        using var scope = NewDisposeScope();
        foreach (var (scenarios, hidden) in s_sizes)
        {
            Assert.Null(NetworkChecks.EveryParameterHasAGradient(Enumerable.Range(1, 20).Select(seed =>
            {
                var network = Build(backbone, enhancement, scenarios, hidden, rows: 100, (ulong)seed);
                network.Loss().backward();
                return network.Module;
            })));
        }
    }

    [Theory, MemberData(nameof(Models))]
    public void EveryParameterIsFiniteAndDecidedByTheSeed(BackboneKind backbone, string enhancement)
    {
        using var scope = NewDisposeScope();
        var options = ModelVariants.Options(backbone, enhancement);
        var (one, same) = (Build(4), Build(4));
        var other = Build(5);

        Assert.All(one, p => Assert.True(p.Value.All(double.IsFinite), p.Key));
        Assert.Equal(one, same);
        Assert.NotEqual(one, other);

        Dictionary<string, double[]> Build(ulong seed) =>
            new SampleNetwork(options, 3, seed: seed, disturbed: false).Module.state_dict().ToDictionary(p => p.Key, p => NetworkChecks.Numbers(p.Value));
    }

    [Theory, MemberData(nameof(Models))]
    public void TwoEvaluationsAreEqual(BackboneKind backbone, string enhancement)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var network = new SampleNetwork(ModelVariants.Options(backbone, enhancement), 3);
        network.Module.eval();

        Assert.Null(NetworkChecks.TwoEvaluationsAreEqual(() => network.Logits()));
    }

    [Theory, MemberData(nameof(Models))]
    public void AScenarioWithoutRowsInABatchLeavesEverythingFinite(BackboneKind backbone, string enhancement)
    {
        using var scope = NewDisposeScope();
        var network = new SampleNetwork(ModelVariants.Options(backbone, enhancement), 5);
        int[] rows = [.. Enumerable.Range(0, 60).Where(row => network.ScenarioOfRow[row] is 1 or 3)];

        network.Logits(rows).sum().backward();

        Assert.Null(NetworkChecks.EverythingIsFinite(network.Module));
        Assert.All(NetworkChecks.Numbers(network.Logits()), logit => Assert.True(double.IsFinite(logit)));
    }

    [Theory, MemberData(nameof(Models))]
    public void AScenarioWithOneRowInABatchIsTrainedBesideTheOthers(BackboneKind backbone, string enhancement)
    {
        using var scope = NewDisposeScope();
        var network = new SampleNetwork(ModelVariants.Options(backbone, enhancement), 5);
        var single = Array.IndexOf(network.ScenarioOfRow, 1);
        int[] rows = [single, .. Enumerable.Range(0, 60).Where(row => network.ScenarioOfRow[row] is 0 or 3)];
        network.Module.eval();
        var scored = NetworkChecks.Numbers(network.Logits(single))[0];
        network.Module.train();

        var logits = network.Logits(rows);
        logits.sum().backward();

        Assert.Null(NetworkChecks.EverythingIsFinite(network.Module));
        Assert.Equal(scored, NetworkChecks.Numbers(logits)[0], 1e-9); // a row alone is trained as it is scored
    }

    [Theory, MemberData(nameof(Models))]
    public void ARowWithAnotherScenarioHasAnotherLogit(BackboneKind backbone, string enhancement)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var network = new SampleNetwork(ModelVariants.Options(backbone, enhancement), 3);
        network.Module.eval();
        var before = NetworkChecks.Numbers(network.Logits());

        for (var row = 0; row < network.ScenarioOfRow.Length; row++)
            network.ScenarioOfRow[row] = (network.ScenarioOfRow[row] + 1) % 3;
        var same = NetworkChecks.Numbers(network.Logits()).Zip(before).Count(p => p.First == p.Second);

        Assert.InRange(same, 0, 2); // a row of which no layer sees anything may be among them
    }

    [Theory]
    [InlineData("default"), InlineData("both-bottom"), InlineData("both-parallel"), InlineData("one-layer"), InlineData("four-layers"), InlineData("low-rank"), InlineData("full")]
    public void TheDefaultPresetStartsFromThePlainBackboneInEveryPlace(string enhancement)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        foreach (var backbone in Enum.GetValues<BackboneKind>())
        {
            var options = ModelVariants.Options(backbone, enhancement);
            var plain = new SampleNetwork(ModelVariants.Options(backbone, "none"), 3, seed: 8, disturbed: false);
            var enhanced = new SampleNetwork(options, 3, seed: 8, disturbed: false);
            plain.Features.copy_(enhanced.Features); // the random stream went on elsewhere

            // Each level beside the backbone is zero and takes half.
            var levels = new[] { options.Fusion!.UserLevel, options.Fusion.ScenarioLevel }.Count(l => l == FusionPlacement.Parallel);
            Assert.True(NetworkChecks.Near(
                [.. NetworkChecks.Numbers(plain.Logits()).Select(logit => logit / Math.Pow(2, levels))], NetworkChecks.Numbers(enhanced.Logits())), $"{backbone}");
        }
    }

    [Fact]
    public void OptionsThatFitNoModelAreRefusedAllAtOnceAndByName()
    {
        using var random = new Generator(1, CPU);
        var options = new ModelOptions
        {
            EmbeddingDeviation = -0.5,
            HiddenWidths = [],
            Experts = new ExpertOptions { Count = 1 },
            Enhancement = EnhancementKind.Llm4msr,
            Fusion = new FusionOptions { UserLevel = FusionPlacement.None, ScenarioLevel = FusionPlacement.None, Layers = 5, ScenarioInput = ScenarioInput.UserMeta },
        };

        var error = Assert.Throws<Llm4MsrException>(() => Network.Create(options, 8, 2, new KnowledgeShape(1, 1, 1, 1), random));

        Assert.Equal(FaultKind.Usage, error.Kind);
        Assert.Equal(
            "No model can be built so: embedding deviation is -0.5, expected a number above 0; hidden is , expected widths of 1 or more; "
            + "experts is 1, expected 2 or more: one leaves nothing to gate, and shared-bottom is that model; "
            + "user level and scenario level are both none, which leaves the backbone alone: use the enhancement none; "
            + "meta layers is 5, expected 1 to 4; components is 16, but no level reads users' vectors: leave it out; "
            + "scenario input is user-meta, which needs the user level at the bottom and the scenario level parallel.", error.Message);
    }

    [Theory, InlineData(EnhancementKind.None, true), InlineData(EnhancementKind.Epnet, true), InlineData(EnhancementKind.Llm4msr, false), InlineData(EnhancementKind.KnowledgeField, false)]
    public void KnowledgeThatNobodyReadsOrThatNobodySaysHowToReadIsRefused(EnhancementKind enhancement, bool fusion) =>
        Assert.Single(new ModelOptions { Enhancement = enhancement, Fusion = fusion ? new FusionOptions() : null }.Problems());

    [Theory, InlineData(0, 1), InlineData(0, 1, 1), InlineData(0, 1, 3), InlineData(0, 1, 2, 3)]
    public void AnOrderThatIsNotOneOfAllScenariosIsRefused(params int[] order)
    {
        using var random = new Generator(1, CPU);
        var options = ModelVariants.Options(BackboneKind.Aitm, "none") with { Transfer = new TransferOptions { ScenarioOrder = order } };

        var error = Assert.Throws<Llm4MsrException>(() => Network.Create(options, 8, 3, null, random));

        Assert.Equal($"The scenario order is {string.Join(',', order)}, expected each of the scenarios 0 to 2 once.", error.Message);
    }

    /// <summary>One step of training, so that moving averages are not the ones of the start; then evaluation.</summary>
    private static void Settle(SampleNetwork network)
    {
        network.Logits();
        network.Module.eval();
    }
}
