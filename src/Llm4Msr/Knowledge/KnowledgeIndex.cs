namespace Llm4Msr.Knowledge;

/// <summary>One snapshot without its content.</summary>
/// <param name="Older">Where the same key's row of the next lower sequence stands in the index, or -1.</param>
internal readonly record struct IndexedSnapshot(KnowledgeKey Key, long AsOfRank, string Basis, Hash256 PromptHash, long Sequence, int Older);

/// <summary>
/// Which snapshots a store holds, in memory: about 150 bytes each, against the kilobytes of a row. Filled by reading every
/// row, so that it cannot miss one.
/// </summary>
internal sealed class KnowledgeIndex
{
    private readonly List<IndexedSnapshot> _snapshots = [];
    private readonly Dictionary<KnowledgeKey, int> _newest = [];

    /// <summary>In the order of their sequences.</summary>
    public IReadOnlyList<IndexedSnapshot> Snapshots => _snapshots;

    public void Add(StoredRow row)
    {
        var header = row.Header;
        var older = _newest.GetValueOrDefault(header.Key, -1);
        _newest[header.Key] = _snapshots.Count;
        _snapshots.Add(new(header.Key, header.AsOfRank, header.Basis, Hash256.Parse(header.PromptHash), row.Sequence, older));
    }

    /// <summary>The snapshots of one key, the highest sequence first.</summary>
    public IEnumerable<IndexedSnapshot> Of(KnowledgeKey key)
    {
        for (var at = _newest.GetValueOrDefault(key, -1); at >= 0; at = _snapshots[at].Older)
            yield return _snapshots[at];
    }
}
