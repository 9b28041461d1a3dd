using Llm4Msr.Data;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Models.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Llm4Msr.Models;

/// <summary>A row's fields to its logit: embedding, then a backbone with its enhancement.</summary>
/// <remarks>Shapes: B rows, N = fields × embedding size.</remarks>
public sealed class ClickModel : nn.Module<CtrBatch, BatchKnowledge?, Tensor>
{
    private readonly FeatureEmbedding embedding;
    private readonly nn.Module<Tensor, ScenarioGroups, BatchKnowledge?, Tensor> network;
    private readonly KnowledgeReader? knowledge;

    /// <param name="reader">What the model sees of stored knowledge; belongs to the model from here on. Null for a model that reads none.</param>
    /// <param name="seed">Decides every first weight.</param>
    public ClickModel(FeatureSchema schema, int scenarios, ModelOptions options, KnowledgeReader? reader, ulong seed) : base(nameof(ClickModel))
    {
        using var scope = NewDisposeScope();
        using var random = new Generator(seed, CPU);
        embedding = new FeatureEmbedding(schema, options.EmbeddingSize, options.EmbeddingDeviation, random);
        network = Network.Create(options, embedding.Width, scenarios, reader?.Shape, random);
        knowledge = reader;
        RegisterComponents();
        scope.HandOn(embedding);
        scope.HandOn(network);
    }

    public KnowledgeReader? Knowledge => knowledge;

    /// <summary>The generators of LLM4MSR's layers, which learn at a rate of their own (models guide, section 2 k).</summary>
    public IReadOnlyCollection<Parameter> KnowledgeGenerators => network is KnowledgeFusion
        ? [.. network.named_parameters().Where(p => p.name.Contains("_generator.", StringComparison.Ordinal)).Select(p => p.parameter)]
        : [];

    /// <summary>How much of a scenario's logits stems from layers beside the backbone; null for a model without such layers.</summary>
    public FusionShares? SharesIn(int scenario) => (network as KnowledgeFusion)?.SharesIn(scenario);

    /// <param name="known">Null for a model that reads no knowledge.</param>
    /// <returns>One logit per row, [B].</returns>
    public override Tensor forward(CtrBatch batch, BatchKnowledge? known) => network.call(embedding.call(batch.Fields), batch.Scenarios, known);
}
