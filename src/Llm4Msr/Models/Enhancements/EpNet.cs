using Llm4Msr.Data;
using Llm4Msr.Models.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Llm4Msr.Models.Enhancements;

/// <summary>
/// EPNet: every feature is scaled between 0 and 2 by a gate that reads the scenario and, without changing them, the
/// features themselves (models guide, section 3.7). The paper's second baseline.
/// </summary>
/// <remarks>
/// Shapes: B rows, N features. The gate is as wide as the features and starts near 1. Its layers are named 0 and 1 in
/// weights files.
/// </remarks>
public sealed class EpNet : nn.Module<Tensor, ScenarioGroups, BatchKnowledge?, Tensor>
{
    private const double FirstDeviation = 0.01; // of the gate before its sigmoid, roughly

    private static readonly Scalar s_largest = 2.0;

    private readonly nn.Module<Tensor, ScenarioGroups, Tensor> backbone;
    private readonly Parameter embedding;
    private readonly Linear hidden;
    private readonly Linear gate;

    public EpNet(nn.Module<Tensor, ScenarioGroups, Tensor> backbone, int features, int scenarios, ModelOptions options, Generator random)
        : base(nameof(EpNet))
    {
        this.backbone = backbone;
        embedding = Weights.Normal(0.05, random, scenarios, options.ScenarioEmbeddingSize);
        hidden = Weights.Linear(options.ScenarioEmbeddingSize + features, features, random);
        gate = nn.Linear(features, features);
        using (no_grad())
        {
            gate.weight.normal_(0, FirstDeviation / Math.Sqrt(features), random);
            gate.bias!.zero_();
        }
        register_module("backbone", backbone);
        register_parameter("embedding", embedding);
        register_module("0", hidden);
        register_module("1", gate);
    }

    /// <param name="features">[B, N].</param>
    /// <returns>One logit per row, [B].</returns>
    public override Tensor forward(Tensor features, ScenarioGroups scenarios, BatchKnowledge? knowledge) =>
        backbone.call(Adapt(features, scenarios), scenarios);

    /// <summary>The features after the gate, [B, N].</summary>
    public Tensor Adapt(Tensor features, ScenarioGroups scenarios)
    {
        var read = cat([embedding.index_select(0, scenarios.Index), features.detach()], 1);
        return features * (gate.call(hidden.call(read).relu()).sigmoid() * s_largest);
    }
}
