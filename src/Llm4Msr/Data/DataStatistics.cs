namespace Llm4Msr.Data;

/// <summary>Counts in the form of the paper's Table 1.</summary>
/// <param name="Scenarios">One per scenario, in the scenarios' order.</param>
/// <param name="Users">Users in any scenario.</param>
/// <param name="Items">Items in any scenario.</param>
/// <param name="OverlappingUsers">Users in every scenario.</param>
/// <param name="OverlappingItems">Items in every scenario.</param>
public sealed record DataStatistics(
    IReadOnlyList<ScenarioStatistics> Scenarios, int Users, int Items, int OverlappingUsers, int OverlappingItems, int Interactions);

/// <summary>Counts <see cref="DataStatistics"/> while rows go by.</summary>
internal sealed class StatisticsCounter(int scenarios, int users, int items)
{
    private readonly bool[][] _users = [.. Enumerable.Range(0, scenarios).Select(_ => new bool[users])];
    private readonly bool[][] _items = [.. Enumerable.Range(0, scenarios).Select(_ => new bool[items])];
    private readonly int[] _rows = new int[scenarios];
    private readonly int[] _clicks = new int[scenarios];

    public void Add(int scenario, int user, int item, bool clicked)
    {
        _users[scenario][user] = true;
        _items[scenario][item] = true;
        _rows[scenario]++;
        _clicks[scenario] += clicked ? 1 : 0;
    }

    public DataStatistics Result()
    {
        var (users, items) = (Overlap(_users), Overlap(_items));
        return new DataStatistics(
            [.. _rows.Select((rows, s) => new ScenarioStatistics(_users[s].Count(seen => seen), _items[s].Count(seen => seen), rows, _clicks[s]))],
            users.Any, items.Any, users.All, items.All, _rows.Sum());
    }

    /// <summary>How many users or items are in any scenario, and how many in every one.</summary>
    private static (int Any, int All) Overlap(bool[][] seen)
    {
        var (any, all) = (0, 0);
        for (var entity = 0; entity < seen[0].Length; entity++)
        {
            var count = 0;
            foreach (var inScenario in seen)
                count += inScenario[entity] ? 1 : 0;
            any += count > 0 ? 1 : 0;
            all += count == seen.Length ? 1 : 0;
        }
        return (any, all);
    }
}

public sealed record ScenarioStatistics(int Users, int Items, int Interactions, int Clicks)
{
    /// <summary>The paper's sparsity: share of interactions with label 0.</summary>
    public double Sparsity => Interactions == 0 ? 0 : 1 - (double)Clicks / Interactions;
}
