using Llm4Msr.Data;
using Llm4Msr.Models.Layers;
using Llm4Msr.Platform;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Llm4Msr.Models.Enhancements;

/// <summary>What the language model said about the rows of a batch.</summary>
/// <param name="User">Vectors for the B rows.</param>
/// <param name="Scenario">One vector per scenario, [S, Hs].</param>
public sealed record BatchKnowledge(RowKnowledge User, Tensor Scenario);

/// <summary>
/// LLM4MSR's hierarchical meta networks around any backbone. As the paper has it, user-level meta layers stand below the
/// backbone (equation 8) and scenario-level ones beside it, with alpha between the two logits (equation 9); each level may
/// also stand in the other place or be left out (Figure 3).
/// </summary>
/// <remarks>
/// Shapes: B rows, N features, S scenarios. At the bottom the user level comes first. Beside the backbone each level reads
/// e; with both there, the user level's logit is mixed in first.
/// </remarks>
public sealed class KnowledgeFusion : nn.Module<Tensor, ScenarioGroups, BatchKnowledge?, Tensor>
{
    private readonly nn.Module<Tensor, ScenarioGroups, Tensor> backbone;
    private readonly MetaLayers? user;
    private readonly MetaLayers? scenario;
    private readonly Parameter? alpha;       // equation 9's, free
    private readonly Parameter? alpha_logit; // before the sigmoid that keeps alpha in (0, 1)
    private readonly Parameter? user_alpha;  // the same for the user level in parallel
    private readonly Parameter? user_alpha_logit;
    private readonly FusionOptions options;

    public KnowledgeFusion(
        nn.Module<Tensor, ScenarioGroups, Tensor> backbone, int features, int scenarios, KnowledgeShape knowledge, FusionOptions options, Generator random)
        : base(nameof(KnowledgeFusion))
    {
        this.backbone = backbone;
        this.options = options;
        user = Level(options.UserLevel, knowledge.UserWidth, knowledge.UserScale, options.UserHidden);
        scenario = Level(options.ScenarioLevel, knowledge.ScenarioWidth, knowledge.ScenarioScale, options.ScenarioHidden);
        (alpha, alpha_logit) = Share(options.ScenarioLevel);
        (user_alpha, user_alpha_logit) = Share(options.UserLevel);
        RegisterComponents();

        MetaLayers? Level(FusionPlacement placement, int width, double scale, int hidden) => placement == FusionPlacement.None ? null
            : new MetaLayers(
                width, [features, .. Enumerable.Repeat(hidden, options.Layers - 1), placement == FusionPlacement.Bottom ? features : 1],
                activateLast: !options.Residual, zeroStart: options.Residual, scale, random, options.Rank);

        (Parameter? Free, Parameter? Logit) Share(FusionPlacement placement)
        {
            int? alphas = options.AlphaPerScenario ? scenarios : null;
            return placement != FusionPlacement.Parallel ? (null, null)
                : options.Residual ? (null, Alpha.Start(0, alphas)) : (Alpha.Start(0.5, alphas), null);
        }
    }

    /// <param name="features">e, [B, N].</param>
    /// <returns>One logit per row, [B].</returns>
    public override Tensor forward(Tensor features, ScenarioGroups scenarios, BatchKnowledge? knowledge)
    {
        ArgumentNullException.ThrowIfNull(knowledge);

        var adapted = options.UserLevel == FusionPlacement.Bottom ? Adapt(features, UserLevel(features, knowledge)) : features;
        var scenarioInput = options.ScenarioInput == ScenarioInput.UserMeta ? adapted : features;
        if (options.ScenarioLevel == FusionPlacement.Bottom)
            adapted = Adapt(adapted, ScenarioLevel(adapted, scenarios, knowledge));

        var logit = backbone.call(adapted, scenarios);
        if (options.UserLevel == FusionPlacement.Parallel)
            logit = Alpha.Mix(UserLevel(features, knowledge).squeeze(-1), logit, user_alpha ?? user_alpha_logit!.sigmoid(), scenarios);
        if (options.ScenarioLevel == FusionPlacement.Parallel)
            logit = Alpha.Mix(ScenarioLevel(scenarioInput, scenarios, knowledge).squeeze(-1), logit, alpha ?? alpha_logit!.sigmoid(), scenarios);
        return logit;
    }

    /// <summary>The alphas of a scenario as they are now.</summary>
    public FusionShares SharesIn(int scenario)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        return new FusionShares(Value(user_alpha ?? user_alpha_logit?.sigmoid()), Value(alpha ?? alpha_logit?.sigmoid()));

        double? Value(Tensor? share) => share is null ? null : (share.dim() == 0 ? share : share[scenario]).item<float>();
    }

    private Tensor UserLevel(Tensor rows, BatchKnowledge knowledge) => user!.call(rows, knowledge.User);

    private Tensor ScenarioLevel(Tensor rows, ScenarioGroups scenarios, BatchKnowledge knowledge) =>
        scenarios.Apply(rows, (s, own) => scenario!.ForwardShared(own, knowledge.Scenario[s]));

    private Tensor Adapt(Tensor rows, Tensor change) => options.Residual ? rows.Plus(change) : change;
}

/// <summary>Alpha: the share that the logit of a level beside the backbone has in the sum (paper, equation 9).</summary>
/// <param name="User">Of the user level; null where it does not stand beside the backbone.</param>
/// <param name="Scenario">Of the scenario level, which is mixed in last.</param>
public sealed record FusionShares(double? User, double? Scenario);

/// <summary>What the generators read.</summary>
/// <param name="UserWidth">Size of a user's vector, after projection.</param>
/// <param name="UserScale">Root mean square of its elements; only first weights depend on it.</param>
public sealed record KnowledgeShape(int UserWidth, double UserScale, int ScenarioWidth, double ScenarioScale);
