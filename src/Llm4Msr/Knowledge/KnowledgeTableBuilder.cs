using Llm4Msr.Platform;

namespace Llm4Msr.Knowledge;

/// <summary>
/// From a store's rows to a table: the order is settled in memory first, then one scan of the file, which checks its whole
/// content, fills the matrices.
/// </summary>
internal static class KnowledgeTableBuilder
{
    public static KnowledgeTable Build(KnowledgeStore store, string state, string basis)
    {
        var fingerprint = store.Fingerprint;
        var stateIndex = fingerprint.IndexOf(state);
        var users = NewestOfEach(store.Snapshots.Where(s => s.Key.Level == KnowledgeLevel.User), s => (s.Key.Id, s.AsOfRank));
        var scenarios = NewestOfEach(store.Snapshots.Where(s => s.Key.Level == KnowledgeLevel.Scenario && s.Basis == basis), s => (s.Key.Id, 0));
        if (scenarios.Count == 0)
            RefuseOtherBases(store, basis);

        var userVectors = Matrix(users.Count, fingerprint.UserWidth);
        var scenarioVectors = Matrix(scenarios.Count, fingerprint.ScenarioWidth);
        var userRow = users.Select((s, row) => (s.Sequence, row)).ToDictionary();
        var scenarioRow = scenarios.Select((s, row) => (s.Sequence, row)).ToDictionary();
        foreach (var row in store.Scan())
        {
            if (userRow.TryGetValue(row.Sequence, out var at))
                Fill(userVectors, at, row);
            else if (scenarioRow.TryGetValue(row.Sequence, out at))
                Fill(scenarioVectors, at, row);
        }
        return new KnowledgeTable(
            new KnowledgeOrigin(fingerprint, state, basis, store.InteractionsHash, store.ContentFor(basis)),
            [.. users.GroupBy(s => s.Key.Id).Select(g => new UserSnapshots(g.Key, [.. g.Select(s => s.AsOfRank)]))],
            userVectors,
            [.. scenarios.Select(s => s.Key.Id)],
            scenarioVectors);

        void Fill(float[] matrix, int at, StoredRow row)
        {
            var width = fingerprint.WidthOf(row.Header.Key.Level);
            StoredVector.Decode(row.Vectors[stateIndex], fingerprint.Precision, matrix.AsSpan(at * width, width));
        }
    }

    /// <summary>An array for rows of some width; more values than one array holds are refused.</summary>
    public static float[] Matrix(long rows, int width) => rows * width <= Array.MaxLength
        ? new float[rows * width]
        : throw new Llm4MsrException(FaultKind.Usage, $"{rows} snapshots of {width} values are more than the {Array.MaxLength} values of one table. "
            + "Train on fewer users, or on fewer snapshots of each.");

    private static List<IndexedSnapshot> NewestOfEach(IEnumerable<IndexedSnapshot> snapshots, Func<IndexedSnapshot, (string Id, long Rank)> place) =>
        [.. snapshots.GroupBy(place)
            .OrderBy(same => same.Key.Id, StringComparer.Ordinal).ThenBy(same => same.Key.Rank)
            .Select(same => same.MaxBy(s => s.Sequence))];

    private static void RefuseOtherBases(KnowledgeStore store, string basis)
    {
        var known = store.Snapshots.Where(s => s.Key.Level == KnowledgeLevel.Scenario).Select(s => s.Basis).Distinct().ToList();
        if (known.Count > 0)
        {
            throw new Llm4MsrException(FaultKind.BadInput, $"The knowledge store '{store.Path}' holds no scenario knowledge of the training part '{basis}', "
                + $"only of '{string.Join("', '", known)}'. Reason again for this split, or use the split that it was made for.");
        }
    }
}
