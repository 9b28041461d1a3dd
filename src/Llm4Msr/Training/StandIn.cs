using Llm4Msr.Data;
using Llm4Msr.Evaluation;
using Llm4Msr.Knowledge;
using Llm4Msr.Models;
using TorchSharp;

namespace Llm4Msr.Training;

/// <summary>
/// How a scenario that a model was not trained on is scored: with everything that belongs to another one (tower, normalisation,
/// embeddings, alpha), and with the scenario knowledge of a third, of itself, or none.
/// </summary>
/// <param name="Parameters">Index of the scenario whose parameters are used.</param>
/// <param name="Knowledge">Name of the scenario whose knowledge is read; null for the "no knowledge" vector.</param>
public sealed record StandIn(int Parameters, string? Knowledge)
{
    /// <summary>No scenario has this name.</summary>
    private const string Nobody = "";

    /// <param name="ranks">Rows of the scenario that is stood in for.</param>
    /// <returns>The rows as the scenario's own, in their order.</returns>
    public ScoredRows Score(ClickModel model, InteractionDataset data, int[] ranks, KnowledgeTable table)
    {
        using var scope = torch.NewDisposeScope();
        List<string> read = [.. data.Description.Scenarios.Select(s => s.Name)];
        read[Parameters] = Knowledge ?? Nobody;
        using var visible = new VisibleKnowledge(FrozenKnowledge.Of(table, model.Knowledge!, read), TrainingRows.Seen(data, table));
        return Evaluator.Score(model, data, ranks, visible, Parameters);
    }
}
