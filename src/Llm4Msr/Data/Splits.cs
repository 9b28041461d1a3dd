using Llm4Msr.Platform;

namespace Llm4Msr.Data;

public enum SplitKind
{
    /// <summary>Each user's own interactions, 8:1:1 by rank.</summary>
    User,

    /// <summary>One rank cuts all interactions, 8:1:1.</summary>
    Global,

    /// <summary>A fifth of the users for test and a tenth for validation are never trained on.</summary>
    UserHoldout,

    /// <summary>A column of the logs says the part of each row.</summary>
    Column,
}

/// <summary>How interactions are divided (models guide, section 2.1: an open point of the paper, named in every report).</summary>
/// <param name="Fold">Which of <paramref name="Folds"/> fifths of the users is held out, from 1; every user is in exactly one.</param>
/// <param name="Seed">Draws the order in which users fall into folds.</param>
/// <param name="Holdout">Held-out users by id, in place of a fold.</param>
public sealed record SplitOptions(
    SplitKind Kind = SplitKind.User, int Fold = 1, int Folds = 5, int Seed = 1, HeldOutUsers? Holdout = null);

public sealed record HeldOutUsers(IReadOnlyList<string> Test, IReadOnlyList<string> Validation);

/// <summary>Assigns a part to every interaction.</summary>
public static class Splits
{
    private const int TrainingTenths = 8, ValidationTenths = 9;

    /// <param name="userOfRank">Row of the user table, by rank.</param>
    /// <param name="given">What the column said, under <see cref="SplitKind.Column"/>.</param>
    public static Part[] Assign(SplitOptions options, ReadOnlySpan<int> userOfRank, IReadOnlyList<string> users, Part[]? given = null) => options.Kind switch
    {
        SplitKind.Global => ByRank(userOfRank.Length),
        SplitKind.User => ByUser(userOfRank, users.Count),
        SplitKind.UserHoldout => ByHeldOutUsers(userOfRank, PartOfUsers(options, users)),
        SplitKind.Column => given ?? throw new Llm4MsrException(FaultKind.Usage, "The split is a column's, but no column of the interactions names parts. Name one, or choose another split."),
        _ => throw new ArgumentOutOfRangeException(nameof(options), options.Kind, null),
    };

    private static Part[] ByRank(int count)
    {
        var parts = new Part[count];
        for (var rank = 0; rank < count; rank++)
            parts[rank] = PartAt(rank, count);
        return parts;
    }

    private static Part[] ByUser(ReadOnlySpan<int> userOfRank, int users)
    {
        var parts = new Part[userOfRank.Length];
        var (counts, passed) = (RowsOf(userOfRank, users), new int[users]);
        for (var rank = 0; rank < parts.Length; rank++)
            parts[rank] = PartAt(passed[userOfRank[rank]]++, counts[userOfRank[rank]]);
        return parts;
    }

    /// <summary>
    /// Training users train on their first eight tenths; held-out users are scored on their last two, and what comes
    /// before is only history.
    /// </summary>
    private static Part[] ByHeldOutUsers(ReadOnlySpan<int> userOfRank, Part[] partOfUser)
    {
        var parts = new Part[userOfRank.Length];
        var (counts, passed) = (RowsOf(userOfRank, partOfUser.Length), new int[partOfUser.Length]);
        for (var rank = 0; rank < parts.Length; rank++)
        {
            var user = userOfRank[rank];
            var isHistory = passed[user]++ < UserTimeline.FirstTenths(counts[user], TrainingTenths);
            var trains = partOfUser[user] == Part.Training;
            parts[rank] = trains == isHistory ? partOfUser[user] : Part.Unused;
        }
        return parts;
    }

    private static int[] RowsOf(ReadOnlySpan<int> userOfRank, int users)
    {
        var counts = new int[users];
        foreach (var user in userOfRank)
            counts[user]++;
        return counts;
    }

    private static Part PartAt(int position, int count) =>
        position < UserTimeline.FirstTenths(count, TrainingTenths) ? Part.Training
        : position < UserTimeline.FirstTenths(count, ValidationTenths) ? Part.Validation
        : Part.Test;

    private static Part[] PartOfUsers(SplitOptions options, IReadOnlyList<string> users)
    {
        var parts = new Part[users.Count];
        if (options.Holdout is { } named)
        {
            Mark(named.Test, Part.Test);
            Mark(named.Validation, Part.Validation);
            return parts;
        }

        if (options.Folds < 2 || options.Fold < 1 || options.Fold > options.Folds)
        {
            throw new Llm4MsrException(FaultKind.Usage,
                $"Fold {options.Fold}/{options.Folds} does not exist: the first number runs from 1 to the second, and the second is at least 2.");
        }
        int[] order = [.. Enumerable.Range(0, users.Count)];
        new Random(options.Seed).Shuffle(order);
        for (var k = 0; k < order.Length; k++)
        {
            var fold = k % options.Folds + 1;
            // Half of the fold after the tested one is a tenth of the users, and each user's turn comes.
            var validates = fold == options.Fold % options.Folds + 1 && k / options.Folds % 2 == 0;
            parts[order[k]] = fold == options.Fold ? Part.Test : validates ? Part.Validation : Part.Training;
        }
        return parts;

        void Mark(IReadOnlyList<string> ids, Part part)
        {
            var rows = users.Select((id, row) => (id, row)).ToDictionary(p => p.id, p => p.row, StringComparer.Ordinal);
            foreach (var id in ids)
            {
                if (!rows.TryGetValue(id, out var row))
                    throw new Llm4MsrException(FaultKind.BadInput, $"The held-out user '{id}' is not in the data. Name users as the data does.");
                if (parts[row] != Part.Training)
                    throw new Llm4MsrException(FaultKind.BadInput, $"The user '{id}' is held out twice. Name each user once, for test or for validation.");
                parts[row] = part;
            }
        }
    }
}
