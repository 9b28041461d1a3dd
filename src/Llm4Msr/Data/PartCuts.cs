using Llm4Msr.Platform;

namespace Llm4Msr.Data;

/// <summary>
/// The parts of all interactions as two cuts through each user's ranks: before the first, between the two, and from the
/// second on. Interactions only go by; what stays in memory is a few numbers for each user.
/// </summary>
public sealed class PartCuts
{
    private readonly SplitOptions _options;
    private readonly int[] _rows; // of each user
    private readonly int[] _passed;
    private readonly int[] _firsts;
    private readonly int[] _seconds;
    private readonly Part[] _partOfUser;
    private int _rank;

    /// <param name="rowsOfUser">How many interactions each user has.</param>
    /// <param name="users">Their ids; read once, and only if users are held out.</param>
    public PartCuts(SplitOptions options, int[] rowsOfUser, IEnumerable<string> users)
    {
        _options = options;
        _rows = rowsOfUser;
        _passed = new int[rowsOfUser.Length];
        (_firsts, _seconds) = (new int[rowsOfUser.Length], new int[rowsOfUser.Length]);
        _partOfUser = options.Kind switch
        {
            SplitKind.Global or SplitKind.User => [],
            SplitKind.UserHoldout => PartOfUsers(options, rowsOfUser.Length, users),
            SplitKind.Column => throw new Llm4MsrException(FaultKind.Usage, "The split is a column's, but no column of the interactions names parts. Name one, or choose another split."),
            _ => throw new ArgumentOutOfRangeException(nameof(options), options.Kind, null),
        };
        var all = rowsOfUser.Sum();
        if (options.Kind == SplitKind.Global)
            (_firsts, _seconds) = (Filled(UserTimeline.FirstTenths(all, Splits.TrainingTenths)), Filled(UserTimeline.FirstTenths(all, Splits.ValidationTenths)));

        int[] Filled(int rank)
        {
            var cuts = new int[rowsOfUser.Length];
            Array.Fill(cuts, rank);
            return cuts;
        }
    }

    /// <summary>Takes the users of the next ranks; the cuts are known when all have gone by.</summary>
    public void Pass(ReadOnlySpan<int> users)
    {
        if (_options.Kind == SplitKind.Global)
            return;
        foreach (var user in users)
        {
            var passed = _passed[user]++;
            if (passed == UserTimeline.FirstTenths(_rows[user], Splits.TrainingTenths))
                _firsts[user] = _rank;
            if (passed == UserTimeline.FirstTenths(_rows[user], Splits.ValidationTenths))
                _seconds[user] = _rank;
            _rank++;
        }
    }

    public PartCut Of(int user) => new(_firsts[user], _seconds[user], PartsOf(user));

    /// <summary>
    /// Training users train on their first eight tenths; held-out users are scored on their last two, and what comes
    /// before is only history.
    /// </summary>
    private (Part, Part, Part) PartsOf(int user) =>
        _options.Kind != SplitKind.UserHoldout ? (Part.Training, Part.Validation, Part.Test)
        : _partOfUser[user] == Part.Training ? (Part.Training, Part.Unused, Part.Unused)
        : (Part.Unused, _partOfUser[user], _partOfUser[user]);

    private static Part[] PartOfUsers(SplitOptions options, int users, IEnumerable<string> ids)
    {
        var parts = new Part[users];
        if (options.Holdout is { } named)
        {
            Mark(parts, ids, named);
            return parts;
        }

        if (options.Problem() is { } problem)
            throw new Llm4MsrException(FaultKind.Usage, problem);
        int[] order = [.. Enumerable.Range(0, users)];
        new Random(options.Seed).Shuffle(order);
        for (var k = 0; k < order.Length; k++)
        {
            var fold = k % options.Folds + 1;
            // Half of the fold after the tested one is a tenth of the users, and each user's turn comes.
            var validates = fold == options.Fold % options.Folds + 1 && k / options.Folds % 2 == 0;
            parts[order[k]] = fold == options.Fold ? Part.Test : validates ? Part.Validation : Part.Training;
        }
        return parts;
    }

    private static void Mark(Part[] parts, IEnumerable<string> ids, HeldOutUsers named)
    {
        Dictionary<string, Part> partOf = new(StringComparer.Ordinal);
        foreach (var (id, part) in named.Test.Select(id => (id, Part.Test)).Concat(named.Validation.Select(id => (id, Part.Validation))))
        {
            if (!partOf.TryAdd(id, part))
                throw new Llm4MsrException(FaultKind.BadInput, $"The user '{id}' is held out twice. Name each user once, for test or for validation.");
        }
        var row = 0;
        foreach (var id in ids)
        {
            if (partOf.Remove(id, out var part))
                parts[row] = part;
            row++;
        }
        if (partOf.Count > 0)
            throw new Llm4MsrException(FaultKind.BadInput, $"The held-out user '{partOf.Keys.First()}' is not in the data. Name users as the data does.");
    }
}

/// <summary>The parts of one user's interactions.</summary>
/// <param name="First">The rank of the first cut.</param>
/// <param name="Second">The rank of the second cut.</param>
/// <param name="Parts">Before the first, between the two, from the second on.</param>
public readonly record struct PartCut(int First, int Second, (Part Before, Part Between, Part After) Parts)
{
    public Part At(int rank) => rank < First ? Parts.Before : rank < Second ? Parts.Between : Parts.After;
}
