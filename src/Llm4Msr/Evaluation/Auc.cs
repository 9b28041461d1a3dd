namespace Llm4Msr.Evaluation;

/// <summary>Area under the ROC curve.</summary>
public static class Auc
{
    /// <summary>
    /// The share of pairs of a clicked and an unclicked row that the scores put in the right order, equal scores counting
    /// half. Exact.
    /// </summary>
    /// <param name="scores">Logits or probabilities, finite.</param>
    /// <param name="labels">0 or 1.</param>
    /// <returns>Null where one of the classes has no row: then there is no pair.</returns>
    public static double? Of(ReadOnlySpan<float> scores, ReadOnlySpan<float> labels) => Of(ScoreOrder.Of(scores, labels));

    internal static double? Of(ScoreOrder order)
    {
        var pairs = new OrderedPairs();
        foreach (var word in order.Words)
            pairs.Add(word);
        return pairs.Share();
    }
}
