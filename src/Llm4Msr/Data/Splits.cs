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
    SplitKind Kind = SplitKind.User, int Fold = 1, int Folds = 5, int Seed = 1, HeldOutUsers? Holdout = null)
{
    /// <returns>Why no users can be held out by these options, as a sentence; null where they can, or where none are asked for.</returns>
    public string? Problem() => Kind == SplitKind.UserHoldout && Holdout is null && (Folds < 2 || Fold < 1 || Fold > Folds)
        ? $"Fold {Fold}/{Folds} does not exist: the first number runs from 1 to the second, and the second is at least 2."
        : null;
}

public sealed record HeldOutUsers(IReadOnlyList<string> Test, IReadOnlyList<string> Validation);

/// <summary>Assigns a part to every interaction.</summary>
public static class Splits
{
    internal const int TrainingTenths = 8, ValidationTenths = 9;

    /// <param name="userOfRank">Row of the user table, by rank.</param>
    public static Part[] Assign(SplitOptions options, ReadOnlySpan<int> userOfRank, IReadOnlyList<string> users)
    {
        var rows = new int[users.Count];
        foreach (var user in userOfRank)
            rows[user]++;
        var cuts = new PartCuts(options, rows, users);
        cuts.Pass(userOfRank);
        var parts = new Part[userOfRank.Length];
        for (var rank = 0; rank < parts.Length; rank++)
            parts[rank] = cuts.Of(userOfRank[rank]).At(rank);
        return parts;
    }
}
