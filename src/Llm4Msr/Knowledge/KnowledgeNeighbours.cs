namespace Llm4Msr.Knowledge;

/// <summary>A record of somebody else, and how alike its vector is.</summary>
public sealed record KnowledgeNeighbour(KnowledgeKey Key, long AsOfRank, double Cosine, string Text);

/// <summary>Who is said to be alike.</summary>
public static class KnowledgeNeighbours
{
    /// <summary>The records of other keys of the same level whose vectors are most alike, of each key the best one.</summary>
    /// <param name="state">Index of the state whose vectors are compared.</param>
    public static IReadOnlyList<KnowledgeNeighbour> Of(KnowledgeStore store, KnowledgeRecord record, int state, int count)
    {
        var best = new Dictionary<KnowledgeKey, KnowledgeNeighbour>();
        foreach (var other in store.Records().Where(r => r.Key.Level == record.Key.Level && r.Key != record.Key))
        {
            var cosine = Cosine(record.Vectors[state], other.Vectors[state]);
            if (!best.TryGetValue(other.Key, out var known) || cosine > known.Cosine)
                best[other.Key] = new(other.Key, other.AsOfRank, cosine, other.Text);
        }
        return [.. best.Values.OrderByDescending(n => n.Cosine).ThenBy(n => n.Key.Id, StringComparer.Ordinal).Take(count)];
    }

    /// <summary>The cosine of the angle between two vectors of the same length; 0 where one has no direction.</summary>
    public static double Cosine(ReadOnlySpan<float> one, ReadOnlySpan<float> other)
    {
        double product = 0, ofOne = 0, ofOther = 0;
        for (var i = 0; i < one.Length; i++)
        {
            product += (double)one[i] * other[i];
            ofOne += (double)one[i] * one[i];
            ofOther += (double)other[i] * other[i];
        }
        return ofOne == 0 || ofOther == 0 ? 0 : product / Math.Sqrt(ofOne * ofOther);
    }
}
