using Llm4Msr.Data;
using TorchSharp;

namespace Llm4Msr.Models;

/// <summary>Rows to logits, without learning.</summary>
public static class Scorer
{
    private const int BatchSize = 8192;

    /// <summary>Logits of rows in their order. No row's logit depends on the other rows.</summary>
    /// <param name="knowledgeRows">For each row its stored user vector, or -1; null for a model without knowledge.</param>
    public static float[] Score(ClickModel model, RowEncoder encoder, EncodedRows rows, FrozenKnowledge? knowledge, int[]? knowledgeRows)
    {
        using var _ = torch.no_grad();
        var wasTraining = model.training;
        if (wasTraining)
            model.eval();
        var logits = new float[rows.Count];
        for (var start = 0; start < rows.Count; start += BatchSize)
        {
            using var scope = torch.NewDisposeScope();
            var count = Math.Min(BatchSize, rows.Count - start);
            var scored = model.call(encoder.Encode(rows.Slice(start, count)), knowledge?.For(knowledgeRows.AsSpan(start, count)));
            scored.data<float>().CopyTo(logits, start);
        }
        if (wasTraining)
            model.train();
        return logits;
    }
}
