using System.Globalization;

namespace Llm4Msr.Data;

/// <summary>How the numbers of a field become buckets: at fixed edges, or at quantiles of the training part.</summary>
/// <param name="Edges">Ascending; a number belongs to the bucket of the last edge that is not above it.</param>
/// <param name="Quantiles">Into how many buckets with equally many training rows, where no edges are given.</param>
public sealed record BucketRule(IReadOnlyList<double>? Edges = null, int Quantiles = 10);

/// <summary>Numbers in buckets. A bucket is named by its lower edge.</summary>
internal static class Buckets
{
    private const string Lowest = "below";

    /// <summary>The name of a number's bucket, or null where the text is no number.</summary>
    public static string? NameOf(string text, IReadOnlyList<double> edges)
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

    /// <summary>The edges of a rule; quantiles are those of the numbers with their counts.</summary>
    public static double[] Edges(BucketRule rule, IEnumerable<(string Text, long Count)> trained)
    {
        if (rule.Edges is not null)
            return [.. rule.Edges];
        var numbers = trained.Where(t => t.Count > 0)
            .Select(t => (Ok: double.TryParse(t.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && !double.IsNaN(number), Number: number, t.Count))
            .Where(t => t.Ok).OrderBy(t => t.Number).ToList();
        var total = numbers.Sum(t => t.Count);
        List<double> edges = [];
        var (before, share) = (0L, 0L);
        foreach (var (_, number, count) in numbers)
        {
            // An edge wherever the next of the equal shares begins; many equal numbers take several shares at once.
            if (before * rule.Quantiles / total > share)
            {
                edges.Add(number);
                share = before * rule.Quantiles / total;
            }
            before += count;
        }
        return [.. edges];
    }

    private static string Name(double edge) => edge.ToString("R", CultureInfo.InvariantCulture);
}
