using System.Text.Json.Serialization;

namespace Llm4Msr.Models.Enhancements;

/// <summary>Where a level's meta layers stand (paper, Figure 3).</summary>
public enum FusionPlacement
{
    None,

    /// <summary>Below the backbone: they change the features that it reads.</summary>
    Bottom,

    /// <summary>Beside the backbone: their logit is mixed with the backbone's by alpha.</summary>
    Parallel,
}

/// <summary>What scenario-level meta layers in parallel read (models guide, section 2 j).</summary>
public enum ScenarioInput
{
    /// <summary>e, as the user level does.</summary>
    Features,

    /// <summary>What the user level made of e.</summary>
    UserMeta,
}

/// <summary>How a generated weight comes from knowledge; follows from the other options.</summary>
public enum GeneratorKind
{
    /// <summary>One linear map of the vector as it is stored (paper, equation 4).</summary>
    Full,

    /// <summary>The same of its principal components.</summary>
    Projected,

    /// <summary>Only a small core between two learned matrices is generated; a deviation from the paper.</summary>
    LowRank,
}

/// <summary>How knowledge is read and fused; the defaults are the preset <c>default</c> (models guide, section 2).</summary>
public sealed record FusionOptions
{
    /// <summary>
    /// True: a level at the bottom adds to the features, no activation follows the last generated layer, which starts at
    /// zero, and alpha stays between 0 and 1. False: equations 7 to 9 to the letter.
    /// </summary>
    public bool Residual { get; init; } = true;

    public FusionPlacement UserLevel { get; init; } = FusionPlacement.Bottom;

    public FusionPlacement ScenarioLevel { get; init; } = FusionPlacement.Parallel;

    public ScenarioInput ScenarioInput { get; init; } = ScenarioInput.Features;

    /// <summary>K, the generated layers of each level: 1 to 4.</summary>
    public int Layers { get; init; } = 2;

    /// <summary>Width between the generated layers of the user level.</summary>
    public int UserHidden { get; init; } = 32;

    /// <summary>Width between the generated layers of the scenario level.</summary>
    public int ScenarioHidden { get; init; } = 32;

    /// <summary>Size of the generated core of a low-rank layer; null: whole weights are generated.</summary>
    public int? Rank { get; init; }

    /// <summary>
    /// Principal components of the users' z-scored vectors that the generators read; null: the vectors as they are.
    /// </summary>
    public int? Components { get; init; } = 16;

    /// <summary>Whether each scenario's vector is brought to mean 0 and variance 1.</summary>
    public bool NormalizeScenarios { get; init; } = true;

    /// <summary>Whether each scenario has an alpha of its own.</summary>
    public bool AlphaPerScenario { get; init; }

    [JsonIgnore]
    public GeneratorKind Generator =>
        Rank is not null ? GeneratorKind.LowRank : Components is not null ? GeneratorKind.Projected : GeneratorKind.Full;

    /// <summary>The paper as it stands.</summary>
    public static FusionOptions Paper() => new() { Residual = false, UserHidden = 64, ScenarioHidden = 64, Components = null, NormalizeScenarios = false };

    /// <summary>For <see cref="KnowledgeField"/>, of which only <see cref="Components"/> is read.</summary>
    public static FusionOptions Field() => new() { ScenarioLevel = FusionPlacement.None };

    /// <summary>Everything that cannot be used, in words; empty where all can.</summary>
    public IEnumerable<string> Problems()
    {
        if (UserLevel == FusionPlacement.None && ScenarioLevel == FusionPlacement.None)
            yield return "user level and scenario level are both none, which leaves the backbone alone: use the enhancement none";
        if (Layers is < 1 or > 4)
            yield return $"meta layers is {Layers}, expected 1 to 4";
        if (UserHidden < 1)
            yield return $"user hidden is {UserHidden}, expected 1 or more";
        if (ScenarioHidden < 1)
            yield return $"scenario hidden is {ScenarioHidden}, expected 1 or more";
        if (Rank < 1)
            yield return $"rank is {Rank}, expected 1 or more";
        if (Components < 1)
            yield return $"components is {Components}, expected 1 or more";
        if (UserLevel == FusionPlacement.None && Components is not null)
            yield return $"components is {Components}, but no level reads users' vectors: leave it out";
        if (AlphaPerScenario && UserLevel != FusionPlacement.Parallel && ScenarioLevel != FusionPlacement.Parallel)
            yield return "alpha is per scenario, but no level is parallel, so that there is no alpha: leave it out";
        if (ScenarioInput == ScenarioInput.UserMeta && (UserLevel != FusionPlacement.Bottom || ScenarioLevel != FusionPlacement.Parallel))
            yield return "scenario input is user-meta, which needs the user level at the bottom and the scenario level parallel";
    }
}
