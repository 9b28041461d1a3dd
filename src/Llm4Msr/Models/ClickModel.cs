using Llm4Msr.Data;
using Llm4Msr.Models.Backbones;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Models.Layers;
using static TorchSharp.torch;

namespace Llm4Msr.Models;

/// <summary>A row's features to its logit: embedding, then a backbone, with or without knowledge around it.</summary>
/// <remarks>Shapes: B rows, N = fields × embedding size.</remarks>
public sealed class ClickModel : nn.Module<CtrBatch, BatchKnowledge?, Tensor>
{
    private readonly FeatureEmbedding embedding;
    private readonly nn.Module<Tensor, ScenarioGroups, Tensor>? backbone;
    private readonly KnowledgeFusion? fusion;
    private readonly KnowledgeReader? knowledge;

    /// <param name="reader">What the generators see; belongs to the model from here on. Null for a model without knowledge.</param>
    /// <param name="seed">Decides every first weight.</param>
    public ClickModel(FeatureSchema schema, int scenarios, ModelOptions options, KnowledgeReader? reader, ulong seed) : base(nameof(ClickModel))
    {
        using var random = new Generator(seed, CPU);
        embedding = new FeatureEmbedding(schema, options.EmbeddingSize, random);
        var plain = Backbone(options, embedding.Width, scenarios, random);
        if (options.Fusion is null)
        {
            backbone = plain;
        }
        else
        {
            knowledge = reader ?? throw new ArgumentNullException(nameof(reader));
            fusion = new KnowledgeFusion(plain, embedding.Width, knowledge.Shape, options.Fusion, random);
        }
        RegisterComponents();
    }

    public KnowledgeReader? Knowledge => knowledge;

    /// <param name="known">Null for a model without knowledge.</param>
    /// <returns>One logit per row, [B].</returns>
    public override Tensor forward(CtrBatch batch, BatchKnowledge? known)
    {
        var features = embedding.call(batch.Fields);
        return fusion is null
            ? backbone!.call(features, batch.Scenarios)
            : fusion.call(features, batch.Scenarios, known ?? throw new ArgumentNullException(nameof(known)));
    }

    private static nn.Module<Tensor, ScenarioGroups, Tensor> Backbone(ModelOptions options, int inputs, int scenarios, Generator random) =>
        options.Backbone switch
        {
            BackboneKind.SharedBottom => new SharedBottom(inputs, options.HiddenWidths, scenarios, random),
            BackboneKind.Star => new Star(inputs, options.HiddenWidths, scenarios, random),
            _ => throw new ArgumentOutOfRangeException(nameof(options), options.Backbone, null),
        };
}
