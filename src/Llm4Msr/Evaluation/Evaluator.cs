using Llm4Msr.Data;
using Llm4Msr.Models;

namespace Llm4Msr.Evaluation;

/// <summary>Metrics of a model on rows of prepared data.</summary>
public static class Evaluator
{
    public static Metrics Evaluate(ClickModel model, InteractionDataset data, int[] ranks, VisibleKnowledge? knowledge)
    {
        var rows = data.Rows(ranks);
        var logits = Scorer.Score(model, data.Encoder, rows, knowledge?.Frozen, knowledge?.RowsAt(ranks));
        return Metrics.Of([.. data.Description.Scenarios.Select(s => s.Name)], rows.Scenario, logits, rows.Clicked);
    }
}
