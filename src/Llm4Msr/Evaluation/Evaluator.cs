using Llm4Msr.Data;
using Llm4Msr.Models;
using TorchSharp;

namespace Llm4Msr.Evaluation;

/// <summary>Scores rows of prepared data with a model.</summary>
public static class Evaluator
{
    private const int BatchSize = 8192;

    public static Metrics Evaluate(ClickModel model, InteractionDataset data, int[] ranks, VisibleKnowledge? knowledge)
    {
        var rows = data.Rows(ranks);
        var logits = Score(model, data.Encoder, rows, knowledge?.Frozen, knowledge?.RowsAt(ranks));
        return Metrics.Of([.. data.Description.Scenarios.Select(s => s.Name)], rows.Scenario, logits, rows.Clicked);
    }

    /// <summary>Logits of rows in their order. No row's logit depends on the other rows.</summary>
    /// <param name="knowledgeRows">For each row its stored user vector, or -1; null for a model without knowledge.</param>
    public static float[] Score(ClickModel model, RowEncoder encoder, EncodedRows rows, FrozenKnowledge? knowledge, int[]? knowledgeRows)
    {
        using var _ = torch.no_grad();
        var wasTraining = model.training;
        model.eval();
        var logits = new float[rows.Count];
        for (var start = 0; start < rows.Count; start += BatchSize)
        {
            using var scope = torch.NewDisposeScope();
            var count = Math.Min(BatchSize, rows.Count - start);
            var scored = model.call(encoder.Encode(rows.Slice(start, count)), knowledge?.For(knowledgeRows.AsSpan(start, count)));
            scored.data<float>().CopyTo(logits, start);
        }
        model.train(wasTraining);
        return logits;
    }
}
