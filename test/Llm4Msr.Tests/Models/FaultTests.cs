using Llm4Msr.Data;
using Llm4Msr.Models;
using Llm4Msr.Models.Backbones;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Models.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Llm4Msr.Tests.Models;

/// <summary>
/// Faults that were seen in public code (docs/faults.md), each with the check that would have found it: ours passes, and a
/// copy with the fault does not. The wrong copies are the smallest code that has the fault.
/// </summary>
public sealed class FaultTests : IDisposable
{
    private const int Rows = 60, Scenarios = 3, Width = 16;

    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Tensor _features;
    private readonly int[] _scenarioOfRow = [.. Enumerable.Range(0, Rows).Select(row => row * 7 % Scenarios)];

    public FaultTests()
    {
        using var random = new Generator(3, CPU);
        _features = randn(Rows, Width, generator: random, dtype: float64);
    }

    public static TheoryData<BackboneKind> Backbones => [.. Enum.GetValues<BackboneKind>()];

    public void Dispose() => _scope.Dispose();

    [Fact] // fault 1
    public void NormalisationByTheWholeBatchIsFoundByRowIndependence()
    {
        Assert.Null(NetworkChecks.RowsAreIndependent(Sample(BackboneKind.Star).Logits, Rows));
        Assert.NotNull(NetworkChecks.RowsAreIndependent(rows => Deviating(RowsOf(rows)).sum(1), Rows));

        static Tensor Deviating(Tensor x) => x - x.mean([0]);
    }

    [Fact] // fault 1
    public void AScenariosMovingAveragesAreThoseOfItsOwnRows()
    {
        var before = MovingAverages(_features);
        var changed = _features.clone();
        for (var row = 0; row < Rows; row++)
        {
            if (_scenarioOfRow[row] == 1)
                changed[row].zero_();
        }
        var after = MovingAverages(changed);

        for (var scenario = 0; scenario < Scenarios; scenario++)
            Assert.Equal(scenario != 1, before[scenario].SequenceEqual(after[scenario]));

        double[][] MovingAverages(Tensor features)
        {
            var star = Backbone(BackboneKind.Star);
            star.call(features, Groups());
            var mean = star.state_dict()["norm.running_mean"];
            return [.. Enumerable.Range(0, Scenarios).Select(s => NetworkChecks.Numbers(mean[s]))];
        }
    }

    [Theory, MemberData(nameof(Backbones))] // fault 2
    public void ALogitMayHaveEitherSign(BackboneKind backbone)
    {
        Assert.Null(BothSigns(Sample(backbone).Logits()));
        Assert.NotNull(BothSigns(Sample(backbone).Logits().relu())); // an activation on the logit

        static string? BothSigns(Tensor logits) =>
            NetworkChecks.Numbers(logits) is var numbers && numbers.Any(v => v < 0) && numbers.Any(v => v > 0) ? null : "all logits have one sign";
    }

    [Fact] // fault 2
    public void TheAuxiliaryNetworkReadsTheScenario()
    {
        using var random = new Generator(4, CPU);
        var aux = new AuxiliaryNetwork(Width, 8, Scenarios, 4, random);
        aux.to(ScalarType.Float64);
        SampleNetwork.Disturb(aux, random);

        Assert.Null(ReactsToTheScenario(groups => aux.call(_features, groups)));
        Assert.NotNull(ReactsToTheScenario(_ => _features.sum(1)));

        string? ReactsToTheScenario(Func<ScenarioGroups, Tensor> logits)
        {
            var other = new ScenarioGroups([.. _scenarioOfRow.Select(s => (s + 1) % Scenarios)], Scenarios);
            return NetworkChecks.Numbers(logits(Groups())).SequenceEqual(NetworkChecks.Numbers(logits(other))) ? "the scenario changes nothing" : null;
        }
    }

    [Fact] // fault 3
    public void TheProductOfStarWeightsStartsAtTheRightSize()
    {
        using var random = new Generator(5, CPU);
        var layer = new StarLayer(64, 32, Scenarios, random).state_dict();
        var right = Math.Sqrt(2.0 / (64 + 32));
        var alsoDrawn = Weights.Normal(right, random, Scenarios, 64, 32);

        Assert.Null(RightSize(layer["weight"] * layer["weight_scenario"]));
        Assert.NotNull(RightSize(layer["weight"] * alsoDrawn)); // both factors drawn: the product is tiny
        Assert.All(NetworkChecks.Numbers(layer["bias"]).Concat(NetworkChecks.Numbers(layer["bias_scenario"])), bias => Assert.Equal(0, bias));

        string? RightSize(Tensor product)
        {
            var deviation = Math.Sqrt(NetworkChecks.Numbers(product).Average(v => v * v));
            return deviation > right * 0.9 && deviation < right * 1.1 ? null : $"deviation {deviation}, expected {right}";
        }
    }

    [Fact] // fault 4
    public void AnAbsentScenarioLeavesItsMovingAveragesAlone()
    {
        int[] present = [.. Enumerable.Range(0, Rows).Where(row => _scenarioOfRow[row] != 2)];
        var star = Backbone(BackboneKind.Star);
        var careless = new CarelessAverages(Scenarios, Width);

        star.call(RowsOf(present), Groups(present));
        careless.call(RowsOf(present), Groups(present));

        Assert.Null(NetworkChecks.EverythingIsFinite(star));
        Assert.All(NetworkChecks.Numbers(star.state_dict()["norm.running_mean"][2]), mean => Assert.Equal(0, mean));
        Assert.NotNull(NetworkChecks.EverythingIsFinite(careless));
    }

    [Theory, InlineData("tower"), InlineData("gate")] // faults 6 and 17
    public void AGateOrTowerOfMmoeMovesItsOwnScenarioAlone(string part)
    {
        Assert.Null(EachMovesItsOwn(Backbone(BackboneKind.Mmoe), part));
        Assert.NotNull(EachMovesItsOwn(new FirstOfAll(Scenarios, Width), part));
    }

    [Theory] // fault 17
    [InlineData(BackboneKind.SharedBottom, "tower"), InlineData(BackboneKind.Omoe, "tower"), InlineData(BackboneKind.Ple, "tower"), InlineData(BackboneKind.Aitm, "head")]
    public void WhatBelongsToAScenarioMovesItAlone(BackboneKind backbone, string part)
    {
        Assert.Null(EachMovesItsOwn(Backbone(backbone), part));
        Assert.NotNull(EachMovesItsOwn(new LastForAll(Scenarios, Width), "tower"));
    }

    [Theory, MemberData(nameof(Backbones))] // fault 7
    public void ResultsInTheOrderOfTheScenariosAreFoundByRowIndependence(BackboneKind backbone)
    {
        Assert.Null(NetworkChecks.RowsAreIndependent(Sample(backbone).Logits, Rows));
        Assert.NotNull(NetworkChecks.RowsAreIndependent(rows => cat(Groups(rows).Split(RowsOf(rows).sum(1))), Rows));
    }

    [Theory, InlineData(BackboneKind.Omoe), InlineData(BackboneKind.Mmoe), InlineData(BackboneKind.Ple)] // fault 8
    public void AGateWithBatchNormalisationIsFoundByRowIndependence(BackboneKind backbone)
    {
        using var random = new Generator(6, CPU);
        var gate = nn.Linear(Width, 4);
        gate.to(ScalarType.Float64);

        Assert.Null(NetworkChecks.RowsAreIndependent(Sample(backbone).Logits, Rows));
        Assert.NotNull(NetworkChecks.RowsAreIndependent(
            rows => nn.functional.batch_norm(gate.call(RowsOf(rows)), zeros(4, dtype: float64), ones(4, dtype: float64), training: rows.Length > 1)
                .softmax(1).select(1, 0), Rows));
    }

    [Fact] // faults 8 and 16
    public void SharesOfExpertsAndOfFieldsSumToOne()
    {
        using var random = new Generator(7, CPU);
        var gate = new ExpertGate(Width, 5, random);
        gate.to(ScalarType.Float64);
        var dynamic = (DynamicNetwork)Sample(BackboneKind.Mmoe, "dynamic-network").Module;

        Assert.Null(NetworkChecks.SharesSumToOne(gate.Shares(_features)));
        Assert.Null(NetworkChecks.SharesSumToOne(dynamic.FieldShares(_features, Groups())));
        Assert.NotNull(NetworkChecks.SharesSumToOne(_features.sigmoid())); // attention without softmax
    }

    [Fact] // faults 9 and 11: nothing before the experts, and counts that are not taken from one another
    public void TheParametersOfMmoeAreTheseAndNoOthers() => Assert.Equal(
    [
        "expert.0.0 [12, 16]", "expert.0.0 [12]", "expert.1.0 [12, 16]", "expert.1.0 [12]", "expert.2.0 [12, 16]", "expert.2.0 [12]",
        "gate.0 [3, 16]", "gate.1 [3, 16]", "gate.2 [3, 16]",
        "tower.0.0 [8, 12]", "tower.0.0 [8]", "tower.0.out [1, 8]", "tower.0.out [1]",
        "tower.1.0 [8, 12]", "tower.1.0 [8]", "tower.1.out [1, 8]", "tower.1.out [1]",
        "tower.2.0 [8, 12]", "tower.2.0 [8]", "tower.2.out [1, 8]", "tower.2.out [1]",
    ], Inventory(Backbone(BackboneKind.Mmoe)));

    [Fact] // faults 10 and 11: two experts of each scenario, three of all; the shared gate sees 3 * 2 + 3, the last level has none
    public void TheParametersOfPleAreTheseAndNoOthers()
    {
        var inventory = Inventory(Backbone(BackboneKind.Ple, [12, 10, 8]));

        Assert.Equal(
        [
            "level.0.gate.0 [5, 16]", "level.0.gate.1 [5, 16]", "level.0.gate.2 [5, 16]", "level.0.shared_gate [9, 16]",
            "level.1.gate.0 [5, 12]", "level.1.gate.1 [5, 12]", "level.1.gate.2 [5, 12]",
        ], inventory.Where(p => p.Contains("gate", StringComparison.Ordinal)));
        Assert.Equal(2 * Scenarios * 2, inventory.Count(p => p.Contains(".specific.", StringComparison.Ordinal) && p.Contains(", ", StringComparison.Ordinal)));
        Assert.Equal(2 * 3, inventory.Count(p => p.Contains(".shared.", StringComparison.Ordinal) && p.Contains(", ", StringComparison.Ordinal)));
    }

    [Fact] // faults 10 and 13
    public void AParameterThatNothingReadsOrThatIsCutOffIsFound()
    {
        var cut = new CutOff(Width);
        cut.call(_features, Groups()).sum().backward();

        Assert.Equal("without gradient: embedding, gate", NetworkChecks.EveryParameterHasAGradient([cut]));
    }

    [Fact] // fault 12
    public void TheGateOfEpnetHasTwoLayers()
    {
        var epnet = Sample(BackboneKind.SharedBottom, "epnet").Module;

        Assert.Equal(
            ["0 [16, 19]", "0 [16]", "1 [16, 16]", "1 [16]", "embedding [3, 3]"],
            Inventory(epnet).Where(p => !p.StartsWith("backbone.", StringComparison.Ordinal)));
    }

    [Fact] // fault 13, the other way round: what EPNet's gate reads of the features must not change them
    public void TheGateOfEpnetReadsTheFeaturesWithoutAGradient()
    {
        var epnet = (EpNet)Sample(BackboneKind.SharedBottom, "epnet").Module;
        var features = _features.clone().requires_grad_();
        var adapted = epnet.Adapt(features, Groups());
        adapted.sum().backward();

        // O = delta * E, so the gradient is delta itself: what O is where E is 1.
        Assert.True(NetworkChecks.Near(NetworkChecks.Numbers(adapted / features), NetworkChecks.Numbers(features.grad!)));
    }

    [Fact] // fault 14
    public void AttentionAcrossTheBatchIsFoundByRowIndependence() => Assert.NotNull(NetworkChecks.RowsAreIndependent(rows =>
    {
        var x = RowsOf(rows);
        return x.mm(x.t()).softmax(1).mm(x).sum(1);
    }, Rows));

    [Fact] // fault 15
    public void AGeneratedLayerIsLinearInItsKnowledge()
    {
        using var random = new Generator(8, CPU);
        var (layer, lowRank) = (new MetaLayer(6, Width, 5, 1, 1, random), new MetaLayer(6, Width, 5, 1, 1, random, rank: 2));
        layer.to(ScalarType.Float64);
        lowRank.to(ScalarType.Float64);
        var (a, b) = (randn(6, generator: random, dtype: float64), randn(6, generator: random, dtype: float64));

        Assert.Null(NetworkChecks.IsLinear(k => layer.ForwardShared(_features, k), a, b));
        Assert.Null(NetworkChecks.IsLinear(k => lowRank.ForwardShared(_features, k), a, b));
        Assert.NotNull(NetworkChecks.IsLinear(k => layer.ForwardShared(_features, k.relu()), a, b));
    }

    [Fact] // fault 29
    public void DropoutThatEvaluationDoesNotSwitchOffIsFound()
    {
        Assert.Null(NetworkChecks.TwoEvaluationsAreEqual(() => Sample(BackboneKind.Ple).Logits()));
        Assert.NotNull(NetworkChecks.TwoEvaluationsAreEqual(() => nn.functional.dropout(_features, 0.5, training: true).sum(1)));
    }

    private static SampleNetwork Sample(BackboneKind backbone, string enhancement = "none")
    {
        var network = new SampleNetwork(ModelVariants.Options(backbone, enhancement), Scenarios, Rows);
        network.Module.eval();
        return network;
    }

    private static nn.Module<Tensor, ScenarioGroups, Tensor> Backbone(BackboneKind kind, int[]? hidden = null)
    {
        using var random = new Generator(9, CPU);
        var options = ModelVariants.Options(kind, "none");
        var backbone = BackboneCatalog.Entry(kind).Create(Width, Scenarios, options with { HiddenWidths = hidden ?? options.HiddenWidths }, random);
        backbone.to(ScalarType.Float64);
        SampleNetwork.Disturb(backbone, random);
        return backbone;
    }

    private string? EachMovesItsOwn(nn.Module<Tensor, ScenarioGroups, Tensor> backbone, string part)
    {
        backbone.eval();
        return Enumerable.Range(0, Scenarios).Select(scenario => NetworkChecks.OnlyTheScenarioFeels(
            backbone.named_parameters().First(p => p.name.StartsWith($"{part}.{scenario}.", StringComparison.Ordinal)).parameter,
            scenario, () => backbone.call(_features, Groups()), _scenarioOfRow)).FirstOrDefault(complaint => complaint is not null);
    }

    /// <summary>Names without their last part, and shapes.</summary>
    private static List<string> Inventory(nn.Module module) => [.. module.named_parameters()
        .Select(p => $"{(p.name.EndsWith(".weight", StringComparison.Ordinal) || p.name.EndsWith(".bias", StringComparison.Ordinal) ? p.name[..p.name.LastIndexOf('.')] : p.name)} [{string.Join(", ", p.parameter.shape)}]")
        .Order(StringComparer.Ordinal)];

    private Tensor RowsOf(int[] rows) => _features.index_select(0, tensor(rows.Select(r => (long)r).ToArray()));

    private ScenarioGroups Groups() => new(_scenarioOfRow, Scenarios);

    private ScenarioGroups Groups(int[] rows) => new([.. rows.Select(r => _scenarioOfRow[r])], Scenarios);

    /// <summary>Takes the mean of rows that are not there.</summary>
    private sealed class CarelessAverages : nn.Module<Tensor, ScenarioGroups, Tensor>
    {
        private readonly Tensor running_mean;

        public CarelessAverages(int scenarios, int width) : base(nameof(CarelessAverages))
        {
            running_mean = zeros(scenarios, width, dtype: float64);
            RegisterComponents();
        }

        public override Tensor forward(Tensor features, ScenarioGroups scenarios)
        {
            for (var s = 0; s < scenarios.Scenarios; s++)
                running_mean[s].copy_((scenarios.Present.Contains(s) ? features : features.narrow(0, 0, 0)).mean([0]));
            return features.sum(1);
        }
    }

    /// <summary>Has gates and towers for each scenario and uses the first gate and the last tower for all.</summary>
    private sealed class FirstOfAll : nn.Module<Tensor, ScenarioGroups, Tensor>
    {
        private readonly ModuleList<ExpertGate> gate;
        private readonly ModuleList<Tower> tower;

        public FirstOfAll(int scenarios, int width) : base(nameof(FirstOfAll))
        {
            using var random = new Generator(1, CPU);
            gate = nn.ModuleList([.. Enumerable.Range(0, scenarios).Select(_ => new ExpertGate(width, 4, random))]);
            tower = Tower.PerScenario(scenarios, width / 4, [3], random);
            RegisterComponents();
            this.to(ScalarType.Float64);
        }

        public override Tensor forward(Tensor features, ScenarioGroups scenarios) =>
            tower[^1].call(gate[0].call(features, features.view(features.shape[0], 4, -1)));
    }

    /// <summary>Overwrites every scenario's results with those of the last.</summary>
    private sealed class LastForAll : nn.Module<Tensor, ScenarioGroups, Tensor>
    {
        private readonly ModuleList<Tower> tower;

        public LastForAll(int scenarios, int width) : base(nameof(LastForAll))
        {
            using var random = new Generator(1, CPU);
            tower = Tower.PerScenario(scenarios, width, [3], random);
            RegisterComponents();
            this.to(ScalarType.Float64);
        }

        public override Tensor forward(Tensor features, ScenarioGroups scenarios) => tower[^1].call(features);
    }

    /// <summary>Reads its embedding without a gradient and its gate not at all.</summary>
    private sealed class CutOff : nn.Module<Tensor, ScenarioGroups, Tensor>
    {
        private readonly Parameter embedding;
        private readonly Parameter gate;
        private readonly Parameter weight;

        public CutOff(int width) : base(nameof(CutOff))
        {
            embedding = new Parameter(ones(width, dtype: float64));
            gate = new Parameter(ones(width, dtype: float64));
            weight = new Parameter(ones(width, dtype: float64));
            RegisterComponents();
        }

        public override Tensor forward(Tensor features, ScenarioGroups scenarios) => (features * embedding.detach()).mv(weight);
    }
}
