namespace Llm4Msr.Knowledge;

/// <summary>The snapshot of another user.</summary>
/// <param name="Row">In the table's user vectors.</param>
/// <param name="Cosine">Of its vector and the one that it is near to.</param>
public sealed record NearSnapshot(string User, long AsOfRank, int Row, double Cosine);

/// <summary>Whose knowledge is most like a user's.</summary>
public static class NearSnapshots
{
    /// <summary>
    /// The snapshot of another user whose vector has the highest cosine with that of a row; each other user stands with
    /// their newest that is no later than a rank. Null where there is none.
    /// </summary>
    /// <param name="row">Of the table's user vectors.</param>
    /// <param name="latest">The highest rank that a snapshot may be made as of.</param>
    public static NearSnapshot? NearestUser(this KnowledgeTable table, int row, long latest = long.MaxValue)
    {
        var asOf = table.AsOfRanks();
        var own = table.UserVector(row);
        NearSnapshot? nearest = null;
        for (var user = 0; user < table.Users.Count; user++)
        {
            var (first, end) = table.RowsOf(user);
            if (first <= row && row < end)
                continue;
            while (end > first && asOf[end - 1] > latest)
                end--;
            if (end == first)
                continue;
            var cosine = KnowledgeNeighbours.Cosine(own, table.UserVector(end - 1));
            if (nearest is null || cosine > nearest.Cosine)
                nearest = new NearSnapshot(table.Users[user].Id, asOf[end - 1], end - 1, cosine);
        }
        return nearest;
    }
}
