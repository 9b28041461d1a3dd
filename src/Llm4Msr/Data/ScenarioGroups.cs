using TorchSharp;

namespace Llm4Msr.Data;

/// <summary>
/// Which rows of a batch belong to which scenario, so that each scenario's tower can run on its own rows alone and the
/// results return to their places.
/// </summary>
/// <remarks>Shapes: B rows, S scenarios.</remarks>
public sealed class ScenarioGroups
{
    private readonly Tensor _order;
    private readonly Tensor _places;
    private readonly long[] _counts;
    private readonly int[] _present;

    /// <param name="scenarioOfRow">The scenario index of each row, B of them.</param>
    /// <param name="scenarios">S.</param>
    public ScenarioGroups(ReadOnlySpan<int> scenarioOfRow, int scenarios)
    {
        Scenarios = scenarios;
        var starts = new int[scenarios + 1];
        foreach (var scenario in scenarioOfRow)
            starts[scenario + 1]++;
        _present = [.. Enumerable.Range(0, scenarios).Where(s => starts[s + 1] > 0)];
        _counts = [.. _present.Select(s => (long)starts[s + 1])];
        for (var s = 0; s < scenarios; s++)
            starts[s + 1] += starts[s];

        var order = new long[scenarioOfRow.Length];
        var places = new long[scenarioOfRow.Length];
        var index = new long[scenarioOfRow.Length];
        for (var row = 0; row < scenarioOfRow.Length; row++)
        {
            var place = starts[scenarioOfRow[row]]++;
            order[place] = row;
            places[row] = place;
            index[row] = scenarioOfRow[row];
        }
        _order = torch.tensor(order);
        _places = torch.tensor(places);
        Index = torch.tensor(index);
    }

    /// <summary>S.</summary>
    public int Scenarios { get; }

    /// <summary>The scenario of each row, [B] int64.</summary>
    public Tensor Index { get; }

    /// <summary>Applies <paramref name="tower"/> once per scenario that has rows, to these rows alone.</summary>
    /// <param name="rows">[B, N].</param>
    /// <param name="tower">From (scenario, its rows [b, N]) to [b] or [b, M].</param>
    /// <returns>The results in the order of the batch, [B] or [B, M].</returns>
    public Tensor Apply(Tensor rows, Func<int, Tensor, Tensor> tower)
    {
        if (_present.Length == 1)
            return tower(_present[0], rows);
        var groups = rows.index_select(0, _order).split(_counts);
        return torch.cat([.. groups.Select((group, k) => tower(_present[k], group))]).index_select(0, _places);
    }
}
