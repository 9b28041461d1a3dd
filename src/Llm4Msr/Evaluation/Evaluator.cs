using Llm4Msr.Data;
using Llm4Msr.Models;
using Llm4Msr.Platform;

namespace Llm4Msr.Evaluation;

/// <summary>Scores rows of prepared data with a model, and says how well.</summary>
public static class Evaluator
{
    /// <summary>Training has to choose by whatever rows there are; a report asks for more before it gives an AUC.</summary>
    private static readonly EvaluationOptions s_anyPair = new() { MinimumPerClass = 1 };

    /// <param name="options">For a report; null for metrics to train by, where every scenario with rows of both classes has an AUC, however few they are.</param>
    public static Metrics Evaluate(ClickModel model, InteractionDataset data, int[] ranks, VisibleKnowledge? knowledge, EvaluationOptions? options = null) =>
        Metrics.Of(Score(model, data, ranks, knowledge), options ?? s_anyPair);

    /// <summary>The rows at the given ranks, in that order.</summary>
    /// <param name="parameters">Index of the scenario whose parameters score all of them; null where each is scored with its own.</param>
    public static ScoredRows Score(ClickModel model, InteractionDataset data, int[] ranks, VisibleKnowledge? knowledge, int? parameters = null)
    {
        var rows = data.Rows(ranks);
        var asked = parameters is { } lent ? rows with { Scenario = [.. rows.Scenario.Select(_ => lent)] } : rows;
        var logits = Scorer.Score(model, data.Encoder, asked, knowledge?.Frozen, knowledge?.RowsAt(ranks));
        var odd = Array.FindIndex(logits, logit => !float.IsFinite(logit));
        if (odd >= 0)
        {
            throw new Llm4MsrException(FaultKind.CheckFailed, FormattableString.Invariant(
                $"The model scores the interaction of rank {ranks[odd]} with {logits[odd]}, expected a number. Train again with a lower learning rate."));
        }
        return new ScoredRows([.. data.Description.Scenarios.Select(s => s.Name)], rows.Scenario, rows.User, logits, rows.Clicked);
    }
}
