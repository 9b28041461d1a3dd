namespace Llm4Msr.Evaluation;

/// <summary>Where a figure lies for 95 of 100 draws.</summary>
public sealed record Interval(double Low, double High)
{
    /// <summary>Share of the draws that lie inside.</summary>
    public const double Confidence = 0.95;

    /// <summary>The share of draws that may be without a figure (a scenario drawn with one class only) before there is no interval either.</summary>
    private const double MostWithout = 0.05;

    /// <param name="draws">The figure in every draw; not a number where it is undefined.</param>
    /// <returns>From the 2.5th to the 97.5th percentile, linear between draws; null where too many are undefined.</returns>
    internal static Interval? Of(ReadOnlySpan<double> draws)
    {
        var sorted = Defined(draws);
        if (sorted is null)
            return null;
        Array.Sort(sorted);
        return new Interval(Percentile(sorted, (1 - Confidence) / 2), Percentile(sorted, (1 + Confidence) / 2));
    }

    /// <summary>Standard deviation of the draws: the standard error of the figure.</summary>
    internal static double? StandardError(ReadOnlySpan<double> draws) => Defined(draws) is { Length: > 1 } defined ? SeedSample.Deviation(defined) : null;

    private static double[]? Defined(ReadOnlySpan<double> draws)
    {
        List<double> defined = [];
        foreach (var draw in draws)
        {
            if (double.IsFinite(draw))
                defined.Add(draw);
        }
        return defined.Count == 0 || defined.Count < (1 - MostWithout) * draws.Length ? null : [.. defined];
    }

    private static double Percentile(double[] sorted, double share)
    {
        var place = share * (sorted.Length - 1);
        var below = (int)place;
        var above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
    }
}
