namespace Llm4Msr.Evaluation;

/// <summary>The figures of a few seeds.</summary>
public static class SeedSample
{
    /// <summary>Of the sample, so that few seeds are not flattered; null for fewer than two.</summary>
    public static double? Deviation(IReadOnlyCollection<double> values)
    {
        if (values.Count < 2)
            return null;
        var mean = values.Average();
        return Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Count - 1));
    }
}
