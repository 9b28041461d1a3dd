namespace Llm4Msr.Evaluation;

/// <summary>Rows of neighbouring scores: what was promised and what happened.</summary>
/// <param name="Probability">Mean of the probabilities.</param>
/// <param name="ClickRate">Clicks over rows.</param>
public sealed record CalibrationBin(int Rows, double Probability, double ClickRate);

/// <summary>Whether probabilities mean what they say.</summary>
public static class Calibration
{
    /// <summary>Ten bins of as many rows each, because click rates are low: bins of equal width would leave most of them empty.</summary>
    public const int Bins = 10;

    /// <summary>
    /// Expected calibration error: the mean distance, bin by bin and weighted by rows, between mean probability and click
    /// rate. Rows of one score are never parted, so that their order cannot matter.
    /// </summary>
    /// <param name="logits">Finite.</param>
    /// <param name="labels">0 or 1.</param>
    /// <returns>0 to 1; null where there is no row.</returns>
    public static double? Error(ReadOnlySpan<float> logits, ReadOnlySpan<float> labels, int bins = Bins) => Error(ScoreOrder.Of(logits, labels), bins);

    /// <summary>The bins of <see cref="Error(ReadOnlySpan{float}, ReadOnlySpan{float}, int)"/>, lowest probability first; none where there is no row.</summary>
    public static IReadOnlyList<CalibrationBin> Curve(ReadOnlySpan<float> logits, ReadOnlySpan<float> labels, int bins = Bins)
    {
        var order = ScoreOrder.Of(logits, labels);
        List<CalibrationBin> curve = [];
        var start = 0;
        foreach (var end in BinEnds(order, bins))
        {
            double promised = 0;
            var clicks = 0;
            foreach (var word in order.Words[start..end])
            {
                promised += Probability(word);
                clicks += ScoreOrder.Clicked(word) ? 1 : 0;
            }
            curve.Add(new CalibrationBin(end - start, promised / (end - start), clicks / (double)(end - start)));
            start = end;
        }
        return curve;
    }

    /// <summary>Sum of the probabilities over the number of clicks: above 1 promises too much.</summary>
    /// <returns>Null where there is no click.</returns>
    public static double? PredictedToActual(ReadOnlySpan<float> logits, ReadOnlySpan<float> labels) => PredictedToActual(ScoreOrder.Of(logits, labels));

    internal static double? Error(ScoreOrder order, int bins = Bins)
    {
        var words = order.Words;
        double distances = 0;
        var start = 0;
        foreach (var end in BinEnds(order, bins))
        {
            double binned = 0;
            foreach (var word in words[start..end])
                binned += Excess(word);
            distances += Math.Abs(binned);
            start = end;
        }
        return words.IsEmpty ? null : distances / words.Length;
    }

    /// <returns>The row after each bin's last, ascending.</returns>
    internal static IReadOnlyList<int> BinEnds(ScoreOrder order, int bins = Bins)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bins, 1);
        var words = order.Words;
        List<int> ends = [];
        var bin = 1;
        for (var end = 1; end <= words.Length; end++)
        {
            if (end < words.Length && (end < (long)words.Length * bin / bins || ScoreOrder.Rank(words[end]) == ScoreOrder.Rank(words[end - 1])))
                continue;
            ends.Add(end);
            while (bin < bins && end >= (long)words.Length * bin / bins)
                bin++;
        }
        return ends;
    }

    /// <summary>Probability less label: what a row promises too much.</summary>
    internal static double Excess(ulong word) => Probability(word) - (ScoreOrder.Clicked(word) ? 1 : 0);

    internal static double? PredictedToActual(ScoreOrder order)
    {
        double predicted = 0;
        long actual = 0;
        foreach (var word in order.Words)
        {
            predicted += Probability(word);
            actual += ScoreOrder.Clicked(word) ? 1 : 0;
        }
        return actual == 0 ? null : predicted / actual;
    }

    internal static double Probability(ulong word) => 1 / (1 + Math.Exp(-(double)ScoreOrder.Score(word)));
}
