using MathNet.Numerics.Distributions;

namespace Llm4Msr.Evaluation;

/// <summary>Student's t-test of a difference over seeds, as behind the stars of the paper's table 2.</summary>
/// <param name="T">Positive where the second is higher.</param>
/// <param name="P">Two-sided.</param>
/// <param name="Paired">Whether the seeds are the same numbers, so that each pair saw the same chance.</param>
public sealed record TTest(double T, double DegreesOfFreedom, double P, bool Paired)
{
    /// <returns>Null for fewer than two pairs, or where all differences are the same.</returns>
    public static TTest? OfPairs(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(second.Count, first.Count);
        double[] differences = [.. second.Zip(first, (b, a) => b - a)];
        return SeedSample.Deviation(differences) is { } deviation && deviation > 0
            ? Of(differences.Average(), deviation / Math.Sqrt(differences.Length), differences.Length - 1, paired: true)
            : null;
    }

    /// <summary>Welch's: for two independent samples, whose variances may differ.</summary>
    /// <returns>Null for fewer than two of either, or where neither varies.</returns>
    public static TTest? OfIndependent(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        if (SeedSample.Deviation([.. first]) is not { } a || SeedSample.Deviation([.. second]) is not { } b || a + b == 0)
            return null;
        var (varianceA, varianceB) = (a * a / first.Count, b * b / second.Count);
        var variance = varianceA + varianceB;
        var freedom = variance * variance / (varianceA * varianceA / (first.Count - 1) + varianceB * varianceB / (second.Count - 1));
        return Of(second.Average() - first.Average(), Math.Sqrt(variance), freedom, paired: false);
    }

    private static TTest Of(double difference, double standardError, double freedom, bool paired)
    {
        var t = difference / standardError;
        return new TTest(t, freedom, 2 * StudentT.CDF(0, 1, freedom, -Math.Abs(t)), paired);
    }
}
