using Llm4Msr.Data;
using Llm4Msr.Models.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Llm4Msr.Models.Enhancements;

/// <summary>How LLM4MSR is built around a backbone; the defaults are the preset <c>default</c> (models guide, section 2).</summary>
public sealed record FusionOptions
{
    /// <summary>
    /// True: the user level adds to the features, no activation follows the last generated layer, which starts at zero,
    /// and alpha stays between 0 and 1. False: equations 7 to 9 to the letter.
    /// </summary>
    public bool Residual { get; init; } = true;

    /// <summary>Width between the two generated layers of the user level.</summary>
    public int UserHidden { get; init; } = 32;

    /// <summary>Width between the two generated layers of the scenario level.</summary>
    public int ScenarioHidden { get; init; } = 32;

    /// <summary>
    /// Principal components of the users' z-scored vectors that the generators read; null: the vectors as they are.
    /// </summary>
    public int? Components { get; init; } = 16;

    /// <summary>Whether each scenario's vector is brought to mean 0 and variance 1.</summary>
    public bool NormalizeScenarios { get; init; } = true;

    /// <summary>The paper as it stands.</summary>
    public static FusionOptions Paper() => new() { Residual = false, UserHidden = 64, ScenarioHidden = 64, Components = null, NormalizeScenarios = false };
}

/// <summary>What the language model said about the rows of a batch.</summary>
/// <param name="User">Vectors for the B rows.</param>
/// <param name="Scenario">One vector per scenario, [S, Hs].</param>
public sealed record BatchKnowledge(RowKnowledge User, Tensor Scenario);

/// <summary>
/// LLM4MSR's hierarchical meta networks around any backbone: user-level meta layers below it (equation 8),
/// scenario-level ones beside it, and alpha between the two logits (equation 9).
/// </summary>
/// <remarks>Shapes: B rows, N features, S scenarios.</remarks>
public sealed class KnowledgeFusion : nn.Module<Tensor, ScenarioGroups, BatchKnowledge, Tensor>
{
    private readonly nn.Module<Tensor, ScenarioGroups, Tensor> backbone;
    private readonly MetaLayers user;
    private readonly MetaLayers scenario;
    private readonly Parameter? alpha;       // equation 9's, free
    private readonly Parameter? alpha_logit; // before the sigmoid that keeps alpha in (0, 1)
    private readonly bool residual;

    public KnowledgeFusion(
        nn.Module<Tensor, ScenarioGroups, Tensor> backbone, int features, KnowledgeShape knowledge, FusionOptions options, Generator random)
        : base(nameof(KnowledgeFusion))
    {
        this.backbone = backbone;
        residual = options.Residual;
        user = new MetaLayers(
            knowledge.UserWidth, [features, options.UserHidden, features], activateLast: !residual, zeroStart: residual, knowledge.UserScale, random);
        scenario = new MetaLayers(
            knowledge.ScenarioWidth, [features, options.ScenarioHidden, 1], activateLast: !residual, zeroStart: residual, knowledge.ScenarioScale, random);
        if (residual)
            alpha_logit = Weights.Constant(0);
        else
            alpha = Weights.Constant(0.5);
        RegisterComponents();
    }

    /// <param name="features">e, [B, N].</param>
    /// <returns>One logit per row, [B].</returns>
    public override Tensor forward(Tensor features, ScenarioGroups scenarios, BatchKnowledge knowledge)
    {
        var adapted = user.call(features, knowledge.User);
        if (residual)
            adapted = features + adapted;
        var backboneLogit = backbone.call(adapted, scenarios);
        var scenarioLogit = scenarios.Apply(features, (s, rows) => scenario.ForwardShared(rows, knowledge.Scenario[s]).squeeze(-1));

        var share = residual ? alpha_logit!.sigmoid() : alpha!;
        return share * scenarioLogit + (1 - share) * backboneLogit;
    }
}

/// <summary>What the generators read.</summary>
/// <param name="UserWidth">Size of a user's vector, after projection.</param>
/// <param name="UserScale">Root mean square of its elements; only first weights depend on it.</param>
public sealed record KnowledgeShape(int UserWidth, double UserScale, int ScenarioWidth, double ScenarioScale);
