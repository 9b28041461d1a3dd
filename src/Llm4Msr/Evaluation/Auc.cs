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
    public static double? Of(ReadOnlySpan<float> scores, ReadOnlySpan<float> labels)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(labels.Length, scores.Length);
        var sorted = scores.ToArray();
        var sortedLabels = labels.ToArray();
        Array.Sort(sorted, sortedLabels);

        long clicked = 0, unclicked = 0;
        double ordered = 0; // pairs in the right order
        for (var start = 0; start < sorted.Length;)
        {
            long clickedHere = 0, unclickedHere = 0;
            var end = start;
            for (; end < sorted.Length && sorted[end] == sorted[start]; end++)
            {
                if (sortedLabels[end] > 0)
                    clickedHere++;
                else
                    unclickedHere++;
            }
            ordered += clickedHere * (unclicked + unclickedHere / 2.0);
            clicked += clickedHere;
            unclicked += unclickedHere;
            if (end == start)
                throw new ArgumentException("A score is not a number.", nameof(scores));
            start = end;
        }
        return clicked == 0 || unclicked == 0 ? null : ordered / ((double)clicked * unclicked);
    }
}
