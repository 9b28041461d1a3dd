using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;

namespace Llm4Msr.Cli.Configuration;

/// <summary>Who reads a key of a configuration: a value that nobody reads changes no result, and says so.</summary>
internal static class KeyReaders
{
    private sealed record Reader(string Prefix, string Needed, Func<ModelOptions, bool> Reads);

    private static readonly Reader[] s_readers =
    [
        new("model.experts.count", "--backbone omoe or mmoe", m => m.Backbone is BackboneKind.Omoe or BackboneKind.Mmoe),
        new("model.experts.specific", "--backbone ple", m => m.Backbone == BackboneKind.Ple),
        new("model.experts.shared", "--backbone ple", m => m.Backbone == BackboneKind.Ple),
        new("model.transfer.", "--backbone aitm", m => m.Backbone == BackboneKind.Aitm),
        new("model.scenarioEmbeddingSize", "--backbone star, --enhancement dynamic-network or epnet",
            m => m.Backbone == BackboneKind.Star || m.Enhancement is EnhancementKind.DynamicNetwork or EnhancementKind.Epnet),
        new("model.dynamicNetwork.", "--enhancement dynamic-network", m => m.Enhancement == EnhancementKind.DynamicNetwork),
        new("model.fusion.components", "--enhancement llm4msr or knowledge-field", m => m.Enhancement is EnhancementKind.Llm4msr or EnhancementKind.KnowledgeField),
        new("model.fusion.userHidden", "--enhancement llm4msr with a user level of two generated layers or more",
            m => IsFused(m) && m.Fusion is { UserLevel: not FusionPlacement.None, Layers: > 1 }),
        new("model.fusion.scenarioHidden", "--enhancement llm4msr with a scenario level of two generated layers or more",
            m => IsFused(m) && m.Fusion is { ScenarioLevel: not FusionPlacement.None, Layers: > 1 }),
        new("model.fusion.normalizeScenarios", "--enhancement llm4msr with a scenario level", m => IsFused(m) && m.Fusion is { ScenarioLevel: not FusionPlacement.None }),
        new("model.fusion.", "--enhancement llm4msr", IsFused),
        new("activeUsers", "--enhancement llm4msr with a user level, or knowledge-field", m => m.Fusion is { UserLevel: not FusionPlacement.None }),
        new("training.generatorLearningRate", "--enhancement llm4msr", IsFused),
        new("training.knowledgeDropout", "--enhancement llm4msr or knowledge-field", m => m.Enhancement is EnhancementKind.Llm4msr or EnhancementKind.KnowledgeField),
    ];

    /// <returns>What a model must have for the key to be read, as the command line says it; null where this one reads it.</returns>
    public static string? Missing(string key, ModelOptions model) =>
        s_readers.FirstOrDefault(r => key.StartsWith(r.Prefix, StringComparison.Ordinal)) is { } reader && !reader.Reads(model) ? reader.Needed : null;

    private static bool IsFused(ModelOptions model) => model.Enhancement == EnhancementKind.Llm4msr;
}
