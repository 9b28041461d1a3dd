namespace Llm4Msr.Data;

/// <summary>Counts in the form of the paper's Table 1.</summary>
/// <param name="Scenarios">One per scenario, in the scenarios' order.</param>
/// <param name="Users">Users in any scenario.</param>
/// <param name="Items">Items in any scenario.</param>
/// <param name="OverlappingUsers">Users in every scenario.</param>
/// <param name="OverlappingItems">Items in every scenario.</param>
public sealed record DataStatistics(
    IReadOnlyList<ScenarioStatistics> Scenarios, int Users, int Items, int OverlappingUsers, int OverlappingItems, int Interactions)
{
    /// <param name="counted">Whether an interaction's rank is counted.</param>
    public static DataStatistics Of(InteractionTable interactions, int scenarios, int users, int items, Func<int, bool> counted)
    {
        var userSeen = new bool[scenarios, users];
        var itemSeen = new bool[scenarios, items];
        var rows = new int[scenarios];
        var clicks = new int[scenarios];
        for (var rank = 0; rank < interactions.Count; rank++)
        {
            if (!counted(rank))
                continue;
            var scenario = interactions.Scenario[rank];
            userSeen[scenario, interactions.User[rank]] = true;
            itemSeen[scenario, interactions.Item[rank]] = true;
            rows[scenario]++;
            clicks[scenario] += interactions.Clicked[rank] ? 1 : 0;
        }

        int[] all = [.. Enumerable.Range(0, scenarios)];
        return new DataStatistics(
            [.. all.Select(s => new ScenarioStatistics(Count(userSeen, users, [s], any: true), Count(itemSeen, items, [s], any: true), rows[s], clicks[s]))],
            Count(userSeen, users, all, any: true),
            Count(itemSeen, items, all, any: true),
            Count(userSeen, users, all, any: false),
            Count(itemSeen, items, all, any: false),
            rows.Sum());
    }

    private static int Count(bool[,] seen, int entities, int[] scenarios, bool any) => Enumerable.Range(0, entities)
        .Count(e => any ? scenarios.Any(s => seen[s, e]) : scenarios.All(s => seen[s, e]));
}

public sealed record ScenarioStatistics(int Users, int Items, int Interactions, int Clicks)
{
    /// <summary>The paper's sparsity: share of interactions with label 0.</summary>
    public double Sparsity => Interactions == 0 ? 0 : 1 - (double)Clicks / Interactions;
}
