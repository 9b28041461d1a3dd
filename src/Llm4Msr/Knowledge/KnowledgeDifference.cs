namespace Llm4Msr.Knowledge;

/// <summary>A snapshot that two stores have, or one of them.</summary>
public sealed record SnapshotName(KnowledgeKey Key, long AsOfRank, string Basis);

/// <summary>How alike the vectors of one state are in two stores, over the snapshots of both.</summary>
public sealed record CosineDistribution(double Least, double FirstPercentile, double Median, double Mean)
{
    internal static CosineDistribution Of(List<double> cosines)
    {
        cosines.Sort();
        return new(cosines[0], cosines[cosines.Count / 100], cosines[cosines.Count / 2], cosines.Average());
    }
}

/// <summary>In what two stores differ. Of several records of one snapshot the one appended last counts, as in training.</summary>
/// <param name="Fingerprints">What differs in how they were made.</param>
/// <param name="SameInteractions">Whether both were made from the same ones; else ranks may mean different moments.</param>
/// <param name="OnlyInOne">Snapshots that the other does not have.</param>
/// <param name="InBoth">How many both have.</param>
/// <param name="ChangedPrompts">Of those, the ones that were asked something else.</param>
/// <param name="ChangedTexts">And those that were answered something else.</param>
/// <param name="ChangedVectors">How many have a vector that differs in any value, of the states that both keep.</param>
/// <param name="Cosines">By level and state, where both keep vectors of the same width and some snapshots are in both.</param>
public sealed record KnowledgeDifference(
    IReadOnlyList<string> Fingerprints, bool SameInteractions, IReadOnlyList<SnapshotName> OnlyInOne, IReadOnlyList<SnapshotName> OnlyInOther, int InBoth,
    IReadOnlyList<SnapshotName> ChangedPrompts, IReadOnlyList<SnapshotName> ChangedTexts, int ChangedVectors, IReadOnlyDictionary<string, CosineDistribution> Cosines)
{
    public bool IsNone => Fingerprints.Count == 0 && SameInteractions && OnlyInOne.Count + OnlyInOther.Count + ChangedPrompts.Count + ChangedTexts.Count + ChangedVectors == 0;

    /// <summary>Reads both stores once, record by record.</summary>
    public static KnowledgeDifference Between(KnowledgeStore one, KnowledgeStore other)
    {
        var (ofOne, ofOther) = (Newest(one), Newest(other));
        var states = one.Fingerprint.States.Intersect(other.Fingerprint.States).ToList();
        List<SnapshotName> prompts = [], texts = [];
        var cosines = new SortedDictionary<string, List<double>>(StringComparer.Ordinal);
        var changedVectors = 0;
        var both = ofOne.Keys.Where(ofOther.ContainsKey).ToList();
        foreach (var name in both)
        {
            var (a, b) = (one.Read(ofOne[name]), other.Read(ofOther[name]));
            if (a.PromptHash != b.PromptHash)
                prompts.Add(name);
            if (a.Text != b.Text)
                texts.Add(name);
            var differ = false;
            foreach (var state in states)
            {
                var (mine, theirs) = (a.Vectors[one.Fingerprint.IndexOf(state)], b.Vectors[other.Fingerprint.IndexOf(state)]);
                if (mine.Length != theirs.Length)
                    continue;
                differ |= !mine.AsSpan().SequenceEqual(theirs);
                var place = $"{Spellings.Of(name.Key.Level)}: {state}";
                if (!cosines.TryGetValue(place, out var found))
                    cosines[place] = found = [];
                found.Add(KnowledgeNeighbours.Cosine(mine, theirs));
            }
            changedVectors += differ ? 1 : 0;
        }
        return new(
            one.Fingerprint.DifferencesTo(other.Fingerprint), one.InteractionsHash == other.InteractionsHash,
            [.. ofOne.Keys.Where(name => !ofOther.ContainsKey(name))], [.. ofOther.Keys.Where(name => !ofOne.ContainsKey(name))],
            both.Count, prompts, texts, changedVectors, cosines.ToDictionary(c => c.Key, c => CosineDistribution.Of(c.Value)));
    }

    private static Dictionary<SnapshotName, IndexedSnapshot> Newest(KnowledgeStore store)
    {
        var newest = new Dictionary<SnapshotName, IndexedSnapshot>();
        foreach (var snapshot in store.Snapshots) // a later one takes the place
            newest[new(snapshot.Key, snapshot.AsOfRank, snapshot.Basis)] = snapshot;
        return newest;
    }
}
