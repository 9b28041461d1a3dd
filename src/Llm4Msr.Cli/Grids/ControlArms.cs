using Llm4Msr.Language;
using Llm4Msr.Models;

namespace Llm4Msr.Cli.Grids;

/// <summary>The arms of <c>controls</c>: real knowledge, what could explain its gain, and other ways to use it.</summary>
internal static class ControlArms
{
    public const string Real = "real";

    private const string Enhancement = "model.enhancement", ArmKey = "arm";

    /// <summary>Real knowledge has to be ahead of each of these.</summary>
    public static readonly IReadOnlyList<string> Deciding = ["none", Spelling.Of(KnowledgeArm.Shuffled), Spelling.Of(KnowledgeArm.Constant), Spelling.Of(KnowledgeArm.Random)];

    /// <param name="states">Those that the store holds.</param>
    /// <param name="state">That real knowledge is read in; it is its own control where the prompt alone makes it.</param>
    public static IReadOnlyList<Arm> Of(IReadOnlyList<string> states, string state)
    {
        var promptOnly = HiddenStateDefinition.LastPromptToken.ToName();
        return
        [
            Arm.Of("none", (Enhancement, Spelling.Of(EnhancementKind.None))),
            Fused(Real, KnowledgeArm.Real),
            .. new[] { KnowledgeArm.Shuffled, KnowledgeArm.Constant, KnowledgeArm.Random, KnowledgeArm.IdEmbedding }.Select(arm => Fused(Spelling.Of(arm), arm)),
            .. states.Contains(promptOnly) && state != promptOnly
                ? [Arm.Of("prompt-only", (Enhancement, Spelling.Of(EnhancementKind.Llm4msr)), ("state", promptOnly))]
                : Array.Empty<Arm>(),
            Arm.Of("field", (Enhancement, Spelling.Of(EnhancementKind.KnowledgeField))),
        ];
    }

    private static Arm Fused(string name, KnowledgeArm arm) =>
        Arm.Of(name, (Enhancement, Spelling.Of(EnhancementKind.Llm4msr)), (ArmKey, Spelling.Of(arm)));
}
