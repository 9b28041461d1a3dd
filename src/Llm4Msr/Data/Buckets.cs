using System.Globalization;

namespace Llm4Msr.Data;

/// <summary>How the numbers of a field become buckets: at fixed edges, or at quantiles of the training part.</summary>
/// <param name="Edges">Ascending; a number belongs to the bucket of the last edge that is not above it.</param>
/// <param name="Quantiles">Into how many buckets with equally many training rows, where no edges are given.</param>
public sealed record BucketRule(IReadOnlyList<double>? Edges = null, int Quantiles = 10);

/// <summary>Numbers in buckets. A bucket is named by its lower edge.</summary>
public static class Buckets
{
    private const string Lowest = "below";

    /// <summary>The name of a number's bucket, or null where the text is no number.</summary>
    internal static string? NameOf(string text, IReadOnlyList<double> edges)
    {
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || double.IsNaN(number))
            return null;
        var bucket = 0;
        while (bucket < edges.Count && number >= edges[bucket])
            bucket++;
        return bucket == 0 ? Lowest : Name(edges[bucket - 1]);
    }

    /// <summary>All bucket names, ascending.</summary>
    public static IEnumerable<string> Names(IReadOnlyList<double> edges) => edges.Select(Name).Prepend(Lowest);

    /// <summary>The edges of quantiles: one wherever the next of the equal shares begins.</summary>
    /// <param name="numbers">Each number of the training part once, ascending, with its rows.</param>
    /// <param name="total">The rows of all of them.</param>
    public static IEnumerable<double> Edges(int quantiles, IEnumerable<(double Number, long Rows)> numbers, long total)
    {
        var (before, share) = (0L, 0L);
        foreach (var (number, rows) in numbers)
        {
            if (before * quantiles / total > share) // many equal numbers take several shares at once
            {
                yield return number;
                share = before * quantiles / total;
            }
            before += rows;
        }
    }

    private static string Name(double edge) => edge.ToString("R", CultureInfo.InvariantCulture);
}
