using Llm4Msr.Data;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Platform;
using static TorchSharp.torch;

namespace Llm4Msr.Models;

/// <summary>From a row's features to its logit: any backbone with any enhancement around it (a cell of the paper's Table 2).</summary>
public static class Network
{
    /// <param name="features">N, the fields' embeddings side by side.</param>
    /// <param name="knowledge">What is known of the knowledge that is read; null for a model that reads none.</param>
    /// <returns>From features [B, N], the rows by scenario and the batch's knowledge to logits [B].</returns>
    public static nn.Module<Tensor, ScenarioGroups, BatchKnowledge?, Tensor> Create(
        ModelOptions options, int features, int scenarios, KnowledgeShape? knowledge, Generator random)
    {
        if (options.Problems().ToList() is { Count: > 0 } problems)
            throw new Llm4MsrException(FaultKind.Usage, $"No model can be built so: {string.Join("; ", problems)}.");

        return options.Enhancement switch
        {
            EnhancementKind.None => new Plain(Backbone(features)),
            EnhancementKind.DynamicNetwork => new DynamicNetwork(Backbone(features), features, scenarios, options, random),
            EnhancementKind.Epnet => new EpNet(Backbone(features), features, scenarios, options, random),
            EnhancementKind.Llm4msr => new KnowledgeFusion(Backbone(features), features, scenarios, Known(), options.Fusion!, random),
            EnhancementKind.KnowledgeField => new KnowledgeField(Backbone(features + options.EmbeddingSize), options.EmbeddingSize, Known(), random),
            _ => throw new ArgumentOutOfRangeException(nameof(options), options.Enhancement, null),
        };

        nn.Module<Tensor, ScenarioGroups, Tensor> Backbone(int inputs) =>
            BackboneCatalog.Entry(options.Backbone).Create(inputs, scenarios, options, random);

        KnowledgeShape Known() => knowledge ?? throw new ArgumentNullException(nameof(knowledge));
    }
}
