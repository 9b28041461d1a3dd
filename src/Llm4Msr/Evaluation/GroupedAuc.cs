namespace Llm4Msr.Evaluation;

/// <summary>
/// Mean of the users' own AUC, each weighted by the user's rows (Zhu et al. 2017): how well each user's items are ordered, with
/// no credit for telling active users from others.
/// </summary>
/// <param name="Value">Null where no user has rows of both classes.</param>
/// <param name="Users">Users with rows of both classes: the mean is over them.</param>
/// <param name="LeftOut">Users with rows of one class, who have no AUC.</param>
public sealed record GroupedAuc(double? Value, int Users, int LeftOut)
{
    /// <param name="scores">Logits or probabilities, finite.</param>
    /// <param name="labels">0 or 1.</param>
    /// <param name="users">The user of each row, 0 or more.</param>
    public static GroupedAuc Of(ReadOnlySpan<float> scores, ReadOnlySpan<float> labels, ReadOnlySpan<int> users)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(users.Length, scores.Length);
        return Of(ScoreOrder.Of(scores, labels, users));
    }

    internal static GroupedAuc Of(ScoreOrder order)
    {
        double sum = 0, rows = 0;
        var (counted, leftOut) = (0, 0);
        foreach (var user in PairsByUser(order))
        {
            if (user.Rows == 0)
                continue;
            if (user.Share() is { } auc)
            {
                sum += auc * user.Rows;
                rows += user.Rows;
                counted++;
            }
            else
            {
                leftOut++;
            }
        }
        return new GroupedAuc(counted == 0 ? null : sum / rows, counted, leftOut);
    }

    /// <returns>By user; of a user without a row, no pair and no row.</returns>
    internal static OrderedPairs[] PairsByUser(ScoreOrder order)
    {
        var users = 0;
        foreach (var word in order.Words)
            users = Math.Max(users, ScoreOrder.User(word) + 1);
        var pairs = new OrderedPairs[users];
        foreach (var word in order.Words)
            pairs[ScoreOrder.User(word)].Add(word);
        return pairs;
    }
}
