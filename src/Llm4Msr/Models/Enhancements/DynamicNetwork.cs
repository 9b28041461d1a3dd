using Llm4Msr.Data;
using Llm4Msr.Models.Layers;
using Llm4Msr.Platform;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Llm4Msr.Models.Enhancements;

/// <summary>
/// Dynamic Network (after M2M): layers generated from a code of the scenario that is learned with the model. They stand
/// where LLM4MSR's stand, so that the two differ in where the code comes from (models guide, section 3.8). The paper's
/// first baseline.
/// </summary>
/// <remarks>
/// Shapes: B rows, N = F·d features in F fields of d, S scenarios, C width of a scenario's code. At the bottom each field
/// gets a weight, F times a softmax over the fields; beside the backbone stands a generated tower, and alpha mixes the
/// logits. Every layer is generated once per scenario and step.
/// </remarks>
public sealed class DynamicNetwork : nn.Module<Tensor, ScenarioGroups, BatchKnowledge?, Tensor>
{
    private readonly nn.Module<Tensor, ScenarioGroups, Tensor> backbone;
    private readonly Parameter embedding;
    private readonly Linear code;
    private readonly MetaLayers attention;
    private readonly Parameter attention_vector;
    private readonly MetaLayers tower;
    private readonly Parameter alpha_logit;
    private readonly int fields;
    private readonly Scalar fieldCount;

    public DynamicNetwork(nn.Module<Tensor, ScenarioGroups, Tensor> backbone, int features, int scenarios, ModelOptions options, Generator random)
        : base(nameof(DynamicNetwork))
    {
        this.backbone = backbone;
        fields = features / options.EmbeddingSize;
        fieldCount = (double)fields;
        var widths = options.DynamicNetwork;
        embedding = Weights.Normal(0.05, random, scenarios, options.ScenarioEmbeddingSize);
        code = Weights.Linear(options.ScenarioEmbeddingSize, widths.CodeWidth, random);
        var scale = CodeScale();
        attention = new MetaLayers(
            widths.CodeWidth, [options.EmbeddingSize, widths.AttentionWidth], activateLast: true, zeroStart: false, scale, random);
        attention_vector = Weights.Normal(1 / Math.Sqrt(widths.AttentionWidth), random, widths.AttentionWidth);
        tower = new MetaLayers(widths.CodeWidth, [features, widths.TowerHidden, 1], activateLast: false, zeroStart: false, scale, random);
        alpha_logit = Weights.Constant(0);
        RegisterComponents();
    }

    /// <param name="features">[B, N].</param>
    /// <returns>One logit per row, [B].</returns>
    public override Tensor forward(Tensor features, ScenarioGroups scenarios, BatchKnowledge? knowledge)
    {
        var codes = Codes();
        var attended = Attend(features, scenarios, codes);
        var beside = scenarios.Apply(attended, (s, rows) => tower.ForwardShared(rows, codes[s]).squeeze(-1));
        return Alpha.Mix(beside, backbone.call(attended, scenarios), alpha_logit.sigmoid(), scenarios);
    }

    /// <summary>How much of each field a row reads.</summary>
    /// <param name="features">[B, N].</param>
    /// <returns>[B, F]; each row's sum is 1.</returns>
    public Tensor FieldShares(Tensor features, ScenarioGroups scenarios) => FieldShares(features, scenarios, Codes());

    private Tensor FieldShares(Tensor features, ScenarioGroups scenarios, Tensor codes_SC) => scenarios.Apply(features, (s, rows) =>
    {
        var fields_RD = rows.reshape(rows.shape[0] * fields, -1);
        return attention.ForwardShared(fields_RD, codes_SC[s]).mv(attention_vector).view(-1, fields).softmax(1);
    });

    private Tensor Attend(Tensor features, ScenarioGroups scenarios, Tensor codes_SC)
    {
        var weight_BF1 = (FieldShares(features, scenarios, codes_SC) * fieldCount).unsqueeze(2);
        return (features.view(-1, fields, features.shape[1] / fields) * weight_BF1).view(-1, features.shape[1]);
    }

    /// <summary>[S, C].</summary>
    private Tensor Codes() => code.call(embedding).relu();

    /// <summary>Root mean square of the first codes, so that generated weights start at the right size.</summary>
    private double CodeScale()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var scale = Math.Sqrt(Codes().Squared().mean().item<float>());
        return scale > 0 ? scale : 1;
    }
}
