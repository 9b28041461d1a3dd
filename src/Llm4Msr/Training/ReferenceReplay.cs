using System.Text.Json;
using Llm4Msr.Data;
using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.Training;

/// <summary>One tensor that was computed again.</summary>
/// <param name="What">"logits", "gradient of tower.0.out.bias".</param>
/// <param name="Difference">The largest difference, divided by the largest number of the reference.</param>
public sealed record ReplayedTensor(string What, double Difference);

/// <summary>A cell that was computed again.</summary>
/// <param name="Cell">Backbone, dot, enhancement, as the folder spells them.</param>
public sealed record ReplayedCell(string Cell, IReadOnlyList<ReplayedTensor> Tensors)
{
    /// <summary>A difference that is not a number is the largest of all.</summary>
    public ReplayedTensor Worst => Tensors.MaxBy(t => double.IsNaN(t.Difference) ? double.PositiveInfinity : t.Difference)!;

    public bool IsWithinTolerance => Worst.Difference <= ReferenceReplay.Tolerance;
}

/// <summary>
/// Computes in float64 what somebody else computed from plain formulas (the folder's <c>make</c> script): logits, loss, every
/// gradient, moving averages and the losses of six steps of Adam.
/// </summary>
/// <remarks>
/// A folder holds <c>golden.json</c>, <c>inputs.safetensors</c> and for each cell <c>CELL.safetensors</c> (parameters) and
/// <c>CELL.grad.safetensors</c>. Shapes: B rows, N features, S scenarios, H width of knowledge.
/// </remarks>
public sealed class ReferenceReplay(string folder)
{
    /// <summary>What a difference may be, relative to the largest number of its tensor.</summary>
    public const double Tolerance = 1e-5;

    private const double LearningRate = 1e-2;

    private readonly ReferenceNumbers _numbers = ReferenceNumbers.Read(Path.Combine(folder, "golden.json"));

    /// <summary>The cells that the folder names, in its order.</summary>
    public IReadOnlyList<string> Cells => [.. _numbers.Cells.Keys];

    public ReplayedCell Replay(string cell)
    {
        using var scope = torch.NewDisposeScope();
        using var inputs = Open("inputs");
        using var gradients = Open($"{cell}.grad");
        using var network = Load(cell);
        var expected = _numbers.Cells[cell];
        var features = Read(inputs, "features", _numbers.Rows, _numbers.Features).requires_grad_();
        var clicked = Read(inputs, "clicked", _numbers.Rows);
        var groups = new ScenarioGroups(_numbers.ScenarioOfRow, _numbers.Scenarios);
        var knowledge = new BatchKnowledge(
            new RowKnowledge(Read(inputs, "user_knowledge", _numbers.Rows, _numbers.KnowledgeWidth), torch.arange(_numbers.Rows, torch.ScalarType.Int64)),
            Read(inputs, "scenario_knowledge", _numbers.Scenarios, _numbers.KnowledgeWidth));
        List<ReplayedTensor> replayed = [];

        var logits = network.Module.call(features, groups, knowledge);
        var loss = Loss(logits);
        loss.backward();
        Compare("logits", expected.TrainLogits, logits);
        Compare("loss", [expected.Loss], loss);
        CompareTensors("gradient of features", Gradient("features"), features.grad);
        foreach (var (name, parameter) in network.Parameters)
            CompareTensors($"gradient of {name}", Gradient(name), parameter.grad);
        if (expected.RunningMean is not null)
            CompareMovingAverages();
        Compare("losses of Adam", expected.AdamLosses, torch.tensor(AdamLosses()));
        return new ReplayedCell(cell, replayed);

        Tensor Loss(Tensor of) => torch.nn.functional.binary_cross_entropy_with_logits(of, clicked);

        Tensor Gradient(string name) => gradients.Read(name).to(torch.float64);

        void Compare(string what, double[] reference, Tensor actual) => CompareTensors(what, torch.tensor(reference), actual);

        void CompareTensors(string what, Tensor reference, Tensor? actual) => replayed.Add(new ReplayedTensor(what, Difference(reference, actual)));

        void CompareMovingAverages()
        {
            var buffers = network.Module.named_buffers().ToDictionary(b => b.name[(b.name.LastIndexOf('.') + 1)..], b => b.buffer);
            Compare("running mean", [.. expected.RunningMean!.SelectMany(r => r)], buffers["running_mean"]);
            Compare("running variance", [.. expected.RunningVariance!.SelectMany(r => r)], buffers["running_var"]);
            network.Module.eval();
            Compare("logits in evaluation", expected.EvalLogits!, network.Module.call(features, groups, knowledge));
            network.Module.train();
        }

        double[] AdamLosses()
        {
            using var adam = new Adam(new ParameterGroup([.. network.Parameters.Select(p => p.Parameter)], LearningRate));
            var losses = new double[expected.AdamLosses.Length];
            for (var step = 0; step < losses.Length; step++)
            {
                adam.ZeroGradients();
                var before = Loss(network.Module.call(features, groups, knowledge));
                losses[step] = before.item<double>();
                before.backward();
                adam.Step();
            }
            return losses;
        }
    }

    private static double Difference(Tensor reference, Tensor? actual)
    {
        using var _ = torch.no_grad();
        if (actual is null || reference.numel() != actual.numel())
            return double.PositiveInfinity;
        var difference = (reference.flatten() - actual.flatten()).abs().max().item<double>();
        var largest = reference.abs().max().item<double>();
        return largest == 0 ? difference : difference / largest; // of nothing but zeros, rounding has no share
    }

    private ReferenceNetwork Load(string cell)
    {
        using var parameters = Open(cell);
        using var random = new torch.Generator(0, torch.CPU);
        var options = Options(cell, parameters);
        var network = new ReferenceNetwork(options, Network.Create(
            options, _numbers.Features, _numbers.Scenarios, new KnowledgeShape(_numbers.KnowledgeWidth, 1, _numbers.KnowledgeWidth, 1), random));
        try
        {
            network.Load(parameters);
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>What the folder does not say in words it says in the shapes of its tensors.</summary>
    private ModelOptions Options(string cell, SafetensorsFile parameters)
    {
        var dot = cell.IndexOf('.', StringComparison.Ordinal);
        var (backbone, enhancement) = dot < 0 ? (cell, "") : (cell[..dot], cell[(dot + 1)..]);
        var kinds = Enum.GetValues<BackboneKind>().ToDictionary(k => JsonNamingPolicy.SnakeCaseLower.ConvertName(k.ToString()));
        if (!kinds.TryGetValue(backbone, out var kind))
            throw Unknown("backbone", kinds.Keys);

        var scenarioEmbedding = parameters.Entries.FirstOrDefault(e => e.Key.EndsWith(".embedding", StringComparison.Ordinal)).Value;
        var options = new ModelOptions
        {
            Backbone = kind,
            HiddenWidths = _numbers.Hidden,
            ScenarioEmbeddingSize = (int)(scenarioEmbedding?.Shape[1] ?? 1),
            Experts = new ExpertOptions { Count = _numbers.Experts, Specific = _numbers.SpecificExperts, Shared = _numbers.SharedExperts },
        };
        return enhancement switch
        {
            "none" => options,
            "epnet" => options with { Enhancement = EnhancementKind.Epnet },
            "dn" => DynamicNetwork(options, parameters),
            "llm_paper" => Fusion(options, residual: false),
            "llm_residual" => Fusion(options, residual: true),
            _ => throw Unknown("enhancement", ["none", "epnet", "dn", "llm_paper", "llm_residual"]),
        };

        Llm4MsrException Unknown(string what, IEnumerable<string> known) => new(
            FaultKind.BadInput, $"'{folder}': the cell '{cell}' names an unknown {what}. Known: {string.Join(", ", known)}.");
    }

    private static ModelOptions DynamicNetwork(ModelOptions options, SafetensorsFile parameters)
    {
        var attention = (int)parameters.Entry("dn.attention_vector").Shape[0];
        return options with
        {
            Enhancement = EnhancementKind.DynamicNetwork,
            EmbeddingSize = (int)parameters.Entry("dn.attention.0.weight_generator.bias").Shape[0] / attention,
            DynamicNetwork = new DynamicNetworkOptions
            {
                CodeWidth = (int)parameters.Entry("dn.code.bias").Shape[0],
                AttentionWidth = attention,
                TowerHidden = (int)parameters.Entry("dn.tower.0.bias_generator.bias").Shape[0],
            },
        };
    }

    private ModelOptions Fusion(ModelOptions options, bool residual) => options with
    {
        Enhancement = EnhancementKind.Llm4msr,
        Fusion = new FusionOptions
        {
            Residual = residual,
            Layers = _numbers.UserWidths.Length - 1,
            UserHidden = _numbers.UserWidths[1],
            ScenarioHidden = _numbers.ScenarioWidths[1],
            Components = null,
        },
    };

    private SafetensorsFile Open(string name) => SafetensorsFile.Open(Path.Combine(folder, $"{name}.safetensors"));

    private static Tensor Read(SafetensorsFile file, string name, params long[] shape)
    {
        var found = file.Entry(name).Shape;
        return found.SequenceEqual(shape) ? file.Read(name).to(torch.float64) : throw WrongShape(file, name, found, shape);
    }

    internal static Llm4MsrException WrongShape(SafetensorsFile file, string name, long[] found, long[] expected) => new(
        FaultKind.Damaged, $"'{file.Path}': the tensor '{name}' is [{string.Join(", ", found)}], expected [{string.Join(", ", expected)}]. Make the folder again.");
}
