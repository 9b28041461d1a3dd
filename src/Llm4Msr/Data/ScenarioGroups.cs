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

        _order = Filled.Longs(scenarioOfRow.Length, out var order);
        _places = Filled.Longs(scenarioOfRow.Length, out var places);
        Index = Filled.Longs(scenarioOfRow.Length, out var index);
        for (var row = 0; row < scenarioOfRow.Length; row++)
        {
            var place = starts[scenarioOfRow[row]]++;
            order[place] = row;
            places[row] = place;
            index[row] = scenarioOfRow[row];
        }
    }

    /// <summary>S.</summary>
    public int Scenarios { get; }

    /// <summary>The scenario of each row, [B] int64.</summary>
    public Tensor Index { get; }

    /// <summary>The scenarios that have rows, ascending.</summary>
    public IReadOnlyList<int> Present => _present;

    /// <summary>Applies <paramref name="tower"/> once per scenario that has rows, to these rows alone.</summary>
    /// <param name="rows">[B, N].</param>
    /// <param name="tower">From (scenario, its rows [b, N]) to [b] or [b, M].</param>
    /// <returns>The results in the order of the batch, [B] or [B, M].</returns>
    public Tensor Apply(Tensor rows, Func<int, Tensor, Tensor> tower) =>
        Join([.. Split(rows).Select((own, k) => tower(_present[k], own))]);

    /// <summary>The same with two tensors of the batch's rows.</summary>
    public Tensor Apply(Tensor rows, Tensor others, Func<int, Tensor, Tensor, Tensor> tower) =>
        Join([.. Split(rows).Zip(Split(others), (own, other) => (own, other)).Select((pair, k) => tower(_present[k], pair.own, pair.other))]);

    /// <summary>Each present scenario's rows.</summary>
    /// <param name="rows">[B, …].</param>
    /// <returns>[b, …] for each of <see cref="Present"/>; all of them are one copy of the rows.</returns>
    public Tensor[] Split(Tensor rows) => _present.Length == 1 ? [rows] : rows.index_select(0, _order).split(_counts);

    /// <summary>Each present scenario's rows of a tensor of its own.</summary>
    /// <param name="rowsOfScenario">[B, …] for each of the S scenarios; all of them may be one.</param>
    /// <returns>[b, …] for each of <see cref="Present"/>.</returns>
    public Tensor[] SplitOwn(Tensor[] rowsOfScenario)
    {
        if (rowsOfScenario.All(rows => ReferenceEquals(rows, rowsOfScenario[0])))
            return Split(rowsOfScenario[0]);
        var places = _order.split(_counts);
        return [.. _present.Select((s, k) => rowsOfScenario[s].index_select(0, places[k]))];
    }

    /// <summary>Puts what was computed per scenario back into the order of the batch.</summary>
    /// <param name="results">[b, …] for each of <see cref="Present"/>.</param>
    /// <returns>[B, …].</returns>
    public Tensor Join(Tensor[] results) => _present.Length == 1 ? results[0] : torch.cat(results).index_select(0, _places);
}
