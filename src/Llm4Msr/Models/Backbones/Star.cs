using Llm4Msr.Data;
using Llm4Msr.Models.Layers;
using Llm4Msr.Platform;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Llm4Msr.Models.Backbones;

/// <summary>
/// STAR: a shared network and one of the same shape per scenario, multiplied weight by weight; partitioned normalisation
/// before it and an auxiliary network beside it (models guide, section 3.2).
/// </summary>
/// <remarks>Shapes: B rows, N inputs, S scenarios, I and O the inputs and outputs of one layer.</remarks>
public sealed class Star : nn.Module<Tensor, ScenarioGroups, Tensor>
{
    private readonly PartitionedNorm norm;
    private readonly ModuleList<StarLayer> star;
    private readonly AuxiliaryNetwork aux;

    public Star(int inputs, int scenarios, ModelOptions options, Generator random) : base(nameof(Star))
    {
        norm = new PartitionedNorm(inputs, scenarios);
        int[] widths = [inputs, .. options.HiddenWidths, 1];
        star = nn.ModuleList([.. widths.Zip(widths.Skip(1), (i, o) => new StarLayer(i, o, scenarios, random))]);
        aux = new AuxiliaryNetwork(inputs, options.HiddenWidths[^1], scenarios, options.ScenarioEmbeddingSize, random);
        RegisterComponents();
    }

    /// <param name="features">[B, N].</param>
    /// <returns>One logit per row, [B].</returns>
    public override Tensor forward(Tensor features, ScenarioGroups scenarios) =>
        scenarios.Apply(features, Network).Plus(aux.call(features, scenarios));

    private Tensor Network(int scenario, Tensor rows)
    {
        rows = norm.call(rows, scenario);
        for (var k = 0; k < star.Count; k++)
        {
            rows = star[k].call(rows, scenario);
            if (k < star.Count - 1)
                rows = rows.relu();
        }
        return rows.squeeze(-1);
    }
}

/// <summary>One layer of the star topology: W* = W_p ⊙ W, b* = b_p + b.</summary>
/// <remarks>Shapes: b rows of one scenario; weights [I, O], unlike linear layers elsewhere. W_p starts at 1 and both biases at 0.</remarks>
public sealed class StarLayer : nn.Module<Tensor, int, Tensor>
{
    private readonly Parameter weight;
    private readonly Parameter bias;
    private readonly Parameter weight_scenario;
    private readonly Parameter bias_scenario;

    public StarLayer(int inputs, int outputs, int scenarios, Generator random) : base(nameof(StarLayer))
    {
        weight = Weights.Normal(Math.Sqrt(2.0 / (inputs + outputs)), random, inputs, outputs);
        bias = Weights.Constant(0, outputs);
        weight_scenario = Weights.Constant(1, scenarios, inputs, outputs);
        bias_scenario = Weights.Constant(0, scenarios, outputs);
        RegisterComponents();
    }

    /// <param name="rows">[b, I].</param>
    /// <returns>[b, O], before the activation.</returns>
    public override Tensor forward(Tensor rows, int scenario) =>
        addmm(bias.Plus(bias_scenario[scenario]), rows, weight * weight_scenario[scenario], beta: 1, alpha: 1);
}

/// <summary>Reads which scenario a row is of, and its features before normalisation; its logit is added.</summary>
/// <remarks>Shapes: B rows, N inputs.</remarks>
public sealed class AuxiliaryNetwork : nn.Module<Tensor, ScenarioGroups, Tensor>
{
    private readonly Parameter embedding;
    private readonly Linear hidden;
    private readonly Linear last;

    public AuxiliaryNetwork(int inputs, int hidden, int scenarios, int scenarioEmbedding, Generator random) : base(nameof(AuxiliaryNetwork))
    {
        embedding = Weights.Normal(0.05, random, scenarios, scenarioEmbedding);
        this.hidden = Weights.Linear(scenarioEmbedding + inputs, hidden, random);
        last = Weights.Linear(hidden, 1, random);
        register_parameter("embedding", embedding);
        register_module("0", this.hidden);
        register_module("out", last);
    }

    /// <param name="features">[B, N].</param>
    /// <returns>One logit per row, [B].</returns>
    public override Tensor forward(Tensor features, ScenarioGroups scenarios) =>
        last.call(hidden.call(cat([embedding.index_select(0, scenarios.Index), features], 1)).relu()).squeeze(-1);
}
