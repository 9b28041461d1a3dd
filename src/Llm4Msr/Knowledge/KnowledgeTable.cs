using Llm4Msr.Platform;

namespace Llm4Msr.Knowledge;

/// <summary>Where a table's vectors come from.</summary>
/// <param name="State">The state definition, one of the fingerprint's.</param>
/// <param name="Basis">The training part whose scenario knowledge is in the table.</param>
/// <param name="InteractionsHash">The interactions that the prompts were made from.</param>
/// <param name="ContentHash">Of the store that the table was read from, see <see cref="KnowledgeStore.ContentFor"/>.</param>
/// <param name="Arm">"real", or the control that took the real vectors' place.</param>
public sealed record KnowledgeOrigin(
    KnowledgeFingerprint Fingerprint, string State, string Basis, string InteractionsHash, string ContentHash, string Arm = KnowledgeOrigin.Real)
{
    public const string Real = "real";
}

/// <summary>The snapshots of one user in a table: consecutive rows, one per rank, the oldest first.</summary>
public sealed record UserSnapshots(string Id, IReadOnlyList<long> AsOfRanks);

/// <summary>
/// The vectors of one state definition, frozen, as training and serving read them. Immutable, and so safe for many threads.
/// </summary>
/// <remarks>
/// Shapes: N snapshots of users, H values each, ordered by user id (ordinally) and rank; D scenarios of H_s values, ordered
/// by id. Which row an interaction sees is decided in <see cref="KnowledgeVisibility"/>.
/// </remarks>
public sealed class KnowledgeTable
{
    private readonly Dictionary<string, int> _userIndex = [];
    private readonly Dictionary<string, int> _scenarioIndex = [];
    private readonly int[] _firstRow;

    internal KnowledgeTable(
        KnowledgeOrigin origin, IReadOnlyList<UserSnapshots> users, float[] userVectors, IReadOnlyList<string> scenarios, float[] scenarioVectors)
    {
        (Origin, Users, UserVectors, Scenarios, ScenarioVectors) = (origin, users, userVectors, scenarios, scenarioVectors);
        _firstRow = new int[users.Count + 1];
        for (var u = 0; u < users.Count; u++)
        {
            _userIndex.Add(users[u].Id, u);
            _firstRow[u + 1] = _firstRow[u] + users[u].AsOfRanks.Count;
        }
        for (var s = 0; s < scenarios.Count; s++)
            _scenarioIndex.Add(scenarios[s], s);
        ArgumentOutOfRangeException.ThrowIfNotEqual(userVectors.LongLength, (long)Count * UserWidth);
        ArgumentOutOfRangeException.ThrowIfNotEqual(scenarioVectors.LongLength, (long)scenarios.Count * ScenarioWidth);
    }

    public KnowledgeOrigin Origin { get; }

    public IReadOnlyList<UserSnapshots> Users { get; }

    public IReadOnlyList<string> Scenarios { get; }

    /// <summary>N: snapshots of all users.</summary>
    public int Count => _firstRow[^1];

    public int UserWidth => Origin.Fingerprint.UserWidth;

    public int ScenarioWidth => Origin.Fingerprint.ScenarioWidth;

    /// <summary>[N, H], row-major; not to be written to.</summary>
    public float[] UserVectors { get; }

    /// <summary>[D, H_s], row-major; not to be written to.</summary>
    public float[] ScenarioVectors { get; }

    /// <summary>
    /// Reads one state of a store: from the cache beside it where that still holds the store's content, else from the rows
    /// themselves, after which the cache is made again.
    /// </summary>
    /// <param name="basis">The training part whose scenario knowledge is wanted.</param>
    /// <param name="say">Takes a sentence wherever a cache was damaged or stale, or could not be written.</param>
    public static KnowledgeTable Read(KnowledgeStore store, string state, string basis, Action<string>? say = null) =>
        KnowledgeTableCache.Read(store, state, basis, say ?? (_ => { }));

    /// <summary>The row of a scenario in <see cref="ScenarioVectors"/>, or -1.</summary>
    public int ScenarioRow(string scenarioId) => _scenarioIndex.GetValueOrDefault(scenarioId, -1);

    /// <summary>The rows of the named scenarios that have knowledge, ascending; of all where none are named.</summary>
    internal long[] ScenarioRows(IReadOnlyList<string>? named) =>
        [.. Scenarios.Select((id, row) => (id, row)).Where(s => named is null || named.Contains(s.id)).Select(s => (long)s.row)];

    /// <summary>The same knowledge of some users alone; scenarios keep theirs.</summary>
    public KnowledgeTable OfUsers(IReadOnlySet<string> users)
    {
        int[] kept = [.. Enumerable.Range(0, Users.Count).Where(user => users.Contains(Users[user].Id))];
        var vectors = new float[kept.Sum(user => Users[user].AsOfRanks.Count) * UserWidth];
        var filled = 0;
        foreach (var user in kept)
        {
            var own = UserVectors.AsSpan(_firstRow[user] * UserWidth, Users[user].AsOfRanks.Count * UserWidth);
            own.CopyTo(vectors.AsSpan(filled));
            filled += own.Length;
        }
        return new KnowledgeTable(Origin, [.. kept.Select(user => Users[user])], vectors, Scenarios, ScenarioVectors);
    }

    /// <summary>
    /// The row of a user's newest snapshot in <see cref="UserVectors"/>, for an interaction that lies after all that are
    /// known; -1 without one. Knowledge of the whole period is refused: it holds what is to be predicted.
    /// </summary>
    public int NewestRow(string userId)
    {
        RequirePrediction();
        var (first, end) = RowsOf(userId);
        return first == end ? -1 : end - 1;
    }

    /// <summary>Throws where this knowledge must not be used to predict.</summary>
    public void RequirePrediction()
    {
        if (Origin.Fingerprint.Protocol == KnowledgeProtocol.WholePeriod)
        {
            throw new Llm4MsrException(FaultKind.Usage, "Knowledge of the protocol 'whole-period' cannot be used to predict: its prompts hold the interactions "
                + "that are to be predicted. Reason with 'past-only' or 'train-part', and train with that.");
        }
    }

    /// <summary>The rows of a user; empty (first = end) where it has no knowledge.</summary>
    internal (int First, int End) RowsOf(string userId) => _userIndex.TryGetValue(userId, out var u) ? RowsOf(u) : (0, 0);

    internal (int First, int End) RowsOf(int user) => (_firstRow[user], _firstRow[user + 1]);

    /// <summary>By row, the rank that the snapshot was made as of: [N].</summary>
    internal long[] AsOfRanks() => [.. Users.SelectMany(u => u.AsOfRanks)];

    internal ReadOnlySpan<float> UserVector(int row) => UserVectors.AsSpan(row * UserWidth, UserWidth);
}
