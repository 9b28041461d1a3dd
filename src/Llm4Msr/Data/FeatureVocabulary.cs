namespace Llm4Msr.Data;

/// <summary>
/// Raw value to index for one field, learned from the training part. Index 0 stands for every value that the training
/// part does not hold; the others are numbered in the order of the values.
/// </summary>
public sealed class FeatureVocabulary
{
    /// <summary>The index of whatever was never seen in training.</summary>
    public const int Unseen = 0;

    private readonly Dictionary<string, int> _indices;

    private FeatureVocabulary(string field, IReadOnlyList<string> values, IReadOnlyList<long> counts)
    {
        Field = field;
        Values = values;
        Counts = counts;
        _indices = values.Select((value, k) => (value, k)).ToDictionary(p => p.value, p => p.k + 1, StringComparer.Ordinal);
    }

    public string Field { get; }

    /// <summary>The known values; value k has index k + 1.</summary>
    public IReadOnlyList<string> Values { get; }

    /// <summary>How many training rows held each value.</summary>
    public IReadOnlyList<long> Counts { get; }

    /// <summary>Number of indices, <see cref="Unseen"/> included.</summary>
    public int Cardinality => Values.Count + 1;

    public int IndexOf(string value) => _indices.GetValueOrDefault(value, Unseen);

    /// <summary>Numbers the values of <paramref name="counts"/> in <see cref="KeyOrder"/>, so that the order of rows plays no part.</summary>
    public static FeatureVocabulary FromCounts(string field, IReadOnlyDictionary<string, long> counts)
    {
        var values = KeyOrder.Sorted(counts.Keys);
        return new FeatureVocabulary(field, values, [.. values.Select(v => counts[v])]);
    }

    public static FeatureVocabulary Restore(string field, IReadOnlyList<string> values, IReadOnlyList<long> counts) => new(field, values, counts);
}
