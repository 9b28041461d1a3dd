using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;

namespace Llm4Msr.Tests.Models;

/// <summary>Small models of every kind: what must hold for all of them is tested on each.</summary>
internal static class ModelVariants
{
    /// <summary>What stands around a backbone, by name.</summary>
    public static readonly IReadOnlyDictionary<string, Func<ModelOptions, ModelOptions>> Enhancements = new Dictionary<string, Func<ModelOptions, ModelOptions>>
    {
        ["none"] = o => o,
        ["dynamic-network"] = o => o with { Enhancement = EnhancementKind.DynamicNetwork },
        ["epnet"] = o => o with { Enhancement = EnhancementKind.Epnet },
        ["knowledge-field"] = o => o with { Enhancement = EnhancementKind.KnowledgeField, Fusion = FusionOptions.Field() with { Components = 4 } },
        ["default"] = o => Fused(o, f => f),
        ["paper"] = o => o with { Enhancement = EnhancementKind.Llm4msr, Fusion = FusionOptions.Paper() with { UserHidden = 6, ScenarioHidden = 5 } },
        ["user-bottom"] = o => Fused(o, f => f with { ScenarioLevel = FusionPlacement.None }),
        ["user-parallel"] = o => Fused(o, f => f with { UserLevel = FusionPlacement.Parallel, ScenarioLevel = FusionPlacement.None }),
        ["scenario-bottom"] = o => Fused(o, f => f with { UserLevel = FusionPlacement.None, Components = null, ScenarioLevel = FusionPlacement.Bottom }),
        ["scenario-parallel"] = o => Fused(o, f => f with { UserLevel = FusionPlacement.None, Components = null }),
        ["both-bottom"] = o => Fused(o, f => f with { ScenarioLevel = FusionPlacement.Bottom }),
        ["both-parallel"] = o => Fused(o, f => f with { UserLevel = FusionPlacement.Parallel, AlphaPerScenario = true }),
        ["crossed"] = o => Fused(o, f => f with { UserLevel = FusionPlacement.Parallel, ScenarioLevel = FusionPlacement.Bottom, Residual = false }),
        ["one-layer"] = o => Fused(o, f => f with { Layers = 1 }),
        ["three-layers"] = o => Fused(o, f => f with { Layers = 3, AlphaPerScenario = true, Residual = false }),
        ["four-layers"] = o => Fused(o, f => f with { Layers = 4 }),
        ["full"] = o => Fused(o, f => f with { Components = null }),
        ["low-rank"] = o => Fused(o, f => f with { Rank = 3 }),
        ["low-rank-full"] = o => Fused(o, f => f with { Rank = 2, Components = null, Residual = false }),
        ["user-meta"] = o => Fused(o, f => f with { ScenarioInput = ScenarioInput.UserMeta }),
    };

    /// <summary>Backbone, enhancement.</summary>
    public static TheoryData<BackboneKind, string> All => new(
        from backbone in Enum.GetValues<BackboneKind>()
        from enhancement in Enhancements.Keys
        select (backbone, enhancement));

    /// <summary>The rows and columns of Table 2, both presets, and knowledge as a field.</summary>
    public static TheoryData<BackboneKind, string> Table2 => new(
        from backbone in Enum.GetValues<BackboneKind>()
        from enhancement in new[] { "none", "dynamic-network", "epnet", "knowledge-field", "default", "paper" }
        select (backbone, enhancement));

    public static ModelOptions Options(BackboneKind backbone, string enhancement) => Enhancements[enhancement](new ModelOptions
    {
        Backbone = backbone,
        EmbeddingSize = 4,
        ScenarioEmbeddingSize = 3,
        HiddenWidths = [12, 8],
        Experts = new ExpertOptions { Count = 3, Specific = 2, Shared = 3 },
        DynamicNetwork = new DynamicNetworkOptions { CodeWidth = 6, AttentionWidth = 5, TowerHidden = 7 },
    });

    private static ModelOptions Fused(ModelOptions options, Func<FusionOptions, FusionOptions> change) => options with
    {
        Enhancement = EnhancementKind.Llm4msr,
        Fusion = change(new FusionOptions { UserHidden = 6, ScenarioHidden = 5, Components = 4 }),
    };
}
