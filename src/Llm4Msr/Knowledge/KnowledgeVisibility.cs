using Llm4Msr.Platform;

namespace Llm4Msr.Knowledge;

/// <summary>The protocols: which snapshot an interaction sees. "Before" means an earlier rank, never an earlier second.</summary>
public static class KnowledgeVisibility
{
    /// <summary>For every interaction, the row of the table that it sees, or -1 where it sees none.</summary>
    /// <param name="users">The users' ids: index to id.</param>
    /// <param name="userOfRank">By rank, the index of the interaction's user.</param>
    /// <param name="isEvaluated">By rank, whether the interaction is validated or tested on; decides under train-part only.</param>
    public static int[] RowsSeen(this KnowledgeTable table, IReadOnlyList<string> users, ReadOnlySpan<int> userOfRank, ReadOnlySpan<bool> isEvaluated)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(isEvaluated.Length, userOfRank.Length);
        var rowsOf = users.Select(table.RowsOf).ToArray();
        switch (table.Origin.Fingerprint.Protocol)
        {
            case KnowledgeProtocol.PastOnly:
                return NewestBefore(table.AsOfRanks(), rowsOf, userOfRank);
            case KnowledgeProtocol.TrainPart:
                RefuseSeveral(users, rowsOf);
                RefuseLeakage(table.AsOfRanks(), users, rowsOf, userOfRank, isEvaluated);
                return Last(rowsOf, userOfRank);
            case KnowledgeProtocol.WholePeriod:
                return Last(rowsOf, userOfRank);
            default:
                throw new InvalidOperationException($"No rule for {table.Origin.Fingerprint.Protocol}.");
        }
    }

    private static int[] NewestBefore(long[] asOfRanks, (int First, int End)[] rowsOf, ReadOnlySpan<int> userOfRank)
    {
        var seen = new int[userOfRank.Length];
        var next = Array.ConvertAll(rowsOf, rows => rows.First); // per user, the first row that is still in the future
        for (var rank = 0; rank < seen.Length; rank++)
        {
            var user = userOfRank[rank];
            while (next[user] < rowsOf[user].End && asOfRanks[next[user]] <= rank)
                next[user]++;
            seen[rank] = next[user] == rowsOf[user].First ? -1 : next[user] - 1;
        }
        return seen;
    }

    private static int[] Last((int First, int End)[] rowsOf, ReadOnlySpan<int> userOfRank)
    {
        var seen = new int[userOfRank.Length];
        for (var rank = 0; rank < seen.Length; rank++)
        {
            var (first, end) = rowsOf[userOfRank[rank]];
            seen[rank] = first == end ? -1 : end - 1;
        }
        return seen;
    }

    private static void RefuseSeveral(IReadOnlyList<string> users, (int First, int End)[] rowsOf)
    {
        var several = Array.FindIndex(rowsOf, rows => rows.End - rows.First > 1);
        if (several >= 0)
        {
            throw new Llm4MsrException(FaultKind.BadInput, $"User '{users[several]}' has {rowsOf[several].End - rowsOf[several].First} snapshots, but 'train-part' "
                + "means one. Reason for this split into a store of its own.");
        }
    }

    private static void RefuseLeakage(
        long[] asOfRanks, IReadOnlyList<string> users, (int First, int End)[] rowsOf, ReadOnlySpan<int> userOfRank, ReadOnlySpan<bool> isEvaluated)
    {
        for (var rank = 0; rank < userOfRank.Length; rank++)
        {
            var (first, end) = rowsOf[userOfRank[rank]];
            if (isEvaluated[rank] && first != end && rank < asOfRanks[first])
            {
                throw new Llm4MsrException(FaultKind.BadInput, $"User '{users[userOfRank[rank]]}' is evaluated on the interaction of rank {rank}, but its knowledge was made from "
                    + $"interactions up to rank {asOfRanks[first] - 1}: that would leak. Reason for this split into a store of its own, or use 'past-only'.");
            }
        }
    }
}
