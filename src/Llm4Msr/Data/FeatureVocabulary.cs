namespace Llm4Msr.Data;

/// <summary>
/// Raw value to index for one field, learned from the training part. Index 0 stands for every value that the training
/// part does not hold, or not often enough; the others are numbered in the order of the values.
/// </summary>
public sealed class FeatureVocabulary
{
    /// <summary>The index of whatever was never seen in training.</summary>
    public const int Unseen = 0;

    private readonly Lazy<Dictionary<string, int>> _indices; // of millions of ids nobody looks one up while training

    private FeatureVocabulary(string field, IReadOnlyList<string> values, IReadOnlyList<long> counts, IReadOnlyList<double>? edges)
    {
        Field = field;
        Values = values;
        Counts = counts;
        Edges = edges;
        _indices = new(() => values.Select((value, k) => (value, k)).ToDictionary(p => p.value, p => p.k + 1, StringComparer.Ordinal));
    }

    public string Field { get; }

    /// <summary>The known values; value k has index k + 1.</summary>
    public IReadOnlyList<string> Values { get; }

    /// <summary>How many training rows held each value.</summary>
    public IReadOnlyList<long> Counts { get; }

    /// <summary>Where the buckets of a number begin; null for a field that is no number.</summary>
    public IReadOnlyList<double>? Edges { get; }

    /// <summary>Number of indices, <see cref="Unseen"/> included.</summary>
    public int Cardinality => Values.Count + 1;

    public int IndexOf(string value) =>
        Edges is null ? _indices.Value.GetValueOrDefault(value, Unseen)
        : Buckets.NameOf(value, Edges) is { } bucket ? _indices.Value.GetValueOrDefault(bucket, Unseen)
        : Unseen;

    /// <summary>Numbers the values that have counts in <see cref="KeyOrder"/>, so that the order of rows plays no part.</summary>
    /// <param name="minCount">Values with fewer training rows are as if never seen.</param>
    internal static FeatureVocabulary FromCounts(string field, IEnumerable<(string Value, long Count)> counts, int minCount)
    {
        var kept = counts.Where(c => c.Count >= Math.Max(1, minCount)).ToList();
        string[] values = [.. kept.Select(c => c.Value)];
        long[] ordered = [.. kept.Select(c => c.Count)];
        KeyOrder.Sort(values, ordered);
        return new FeatureVocabulary(field, values, ordered, null);
    }

    public static FeatureVocabulary Restore(string field, IReadOnlyList<string> values, IReadOnlyList<long> counts, IReadOnlyList<double>? edges = null) =>
        new(field, values, counts, edges);
}
