using Llm4Msr.Data;
using Llm4Msr.Platform;
using Llm4Msr.Training;

namespace Llm4Msr.Cli.Grids;

/// <summary>What <c>train</c> checks before it trains, for all cells of a grid: one that cannot be trained costs no other's training.</summary>
internal static class GridCheck
{
    /// <exception cref="Llm4MsrException">The first cell whose options cannot be used, and why.</exception>
    public static void Options(IReadOnlyList<Cell> cells)
    {
        foreach (var cell in cells)
            Check(cell, cell.Config.Check);
    }

    /// <summary>The same of what they are trained on.</summary>
    public static void Data(InteractionDataset data, IReadOnlyList<Cell> cells, Action<string> say)
    {
        foreach (var alike in cells.GroupBy(c => (Store: c.Config.Knowledge, c.Config.State))) // a table is read once, and one at a time
        {
            var first = alike.First();
            var table = alike.Key.Store is { } store ? Check(first, () => KnowledgeFor.Data(data, store, alike.Key.State, say)) : null;
            foreach (var cell in alike)
                Check(cell, () => TrainingRun.Check(data, table, cell.Config.Run));
        }
    }

    private static void Check(Cell cell, Action check) => Check(cell, () =>
    {
        check();
        return true;
    });

    private static T Check<T>(Cell cell, Func<T> check)
    {
        try
        {
            return check();
        }
        catch (Llm4MsrException e)
        {
            throw new Llm4MsrException(e.Kind, $"The trial '{cell.Arm.Name}; {Cell.Spelled(cell.Settings)}' cannot be trained, so none was. {e.Message}", e);
        }
    }
}
