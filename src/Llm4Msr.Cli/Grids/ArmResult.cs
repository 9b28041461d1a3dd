using Llm4Msr.Evaluation;
using Llm4Msr.Models;
using Llm4Msr.Training;

namespace Llm4Msr.Cli.Grids;

/// <summary>What a finished cell's run folder says.</summary>
/// <param name="Worth">Of the validation part, averaged over the seeds; higher is better.</param>
/// <param name="Seeds">Those of the cell, whatever other seeds the folder holds.</param>
internal sealed record CellResult(Cell Cell, string Run, double Worth, IReadOnlyList<SeedResult> Seeds)
{
    /// <summary>A log loss as people know it, where lower is better.</summary>
    public double Shown => Cell.Config.Training.Monitor == MonitorKind.LogLoss ? -Worth : Worth;

    public static CellResult Of(Cell cell, TrainingGrid grid)
    {
        var folder = ModelFolder.Open(grid.RunFolder(cell));
        List<SeedResult> seeds = [.. cell.Config.AllSeeds.Select(seed => TrainingRun.ReadResult(folder, seed))];
        return new CellResult(cell, folder.Path, seeds.Average(s => cell.Config.Training.Monitor.Value(s.Validation)!.Value), seeds);
    }
}

/// <summary>An arm's trials, and the best of them by the validation part alone.</summary>
internal sealed record ArmResult(Arm Arm, IReadOnlyList<CellResult> Trials)
{
    public CellResult Best { get; } = Trials.MaxBy(t => t.Worth)!;

    public double? TestAuc => Best.Seeds.Average(s => s.Test.MeanAuc);

    /// <summary>What was tried, with which seeds, and how good the validation part found it, as result files tell it.</summary>
    public IEnumerable<object> Tried => Trials.Select(t => new { t.Cell.Name, t.Cell.Settings, seeds = t.Cell.Config.AllSeeds, monitor = t.Shown });

    /// <summary>Arm by arm, in the order of the plan.</summary>
    public static IReadOnlyList<ArmResult> Of(IReadOnlyList<Cell> plan, TrainingGrid grid) =>
        [.. plan.GroupBy(c => c.Arm).Select(arm => new ArmResult(arm.Key, [.. arm.Select(cell => CellResult.Of(cell, grid))]))];
}
