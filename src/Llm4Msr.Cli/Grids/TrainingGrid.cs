using System.Collections.Concurrent;
using System.Diagnostics;
using Llm4Msr.Cli.Configuration;
using Llm4Msr.Data;
using Llm4Msr.Models;
using Llm4Msr.Platform;

namespace Llm4Msr.Cli.Grids;

/// <summary>
/// Trains cells, each in a process of its own and a run folder of its own. What is finished is read and never trained again;
/// what was stopped goes on where it stopped.
/// </summary>
/// <param name="folder">Where the prepared data lie.</param>
/// <param name="output">Folder of all cells, which several grids of the same data may share.</param>
internal sealed class TrainingGrid(Cli cli, InteractionDataset data, string folder, string output)
{
    public string RunFolder(Cell cell) => Path.Combine(output, "runs", cell.Name);

    /// <summary>Trains what is not trained yet, once it is known that every cell of it can be.</summary>
    /// <param name="jobs">Processes at once.</param>
    /// <param name="budget">When to begin no more cells.</param>
    /// <returns>The cells that the budget left out.</returns>
    /// <exception cref="Llm4MsrException">A cell cannot be trained, and none was; or one failed, and the others are kept.</exception>
    public IReadOnlyList<Cell> Train(string title, IReadOnlyList<Cell> cells, int jobs, GridBudget? budget = null)
    {
        GridCheck.Options(cells);
        Cell[] open = [.. cells.DistinctBy(c => c.Name).Where(c => !IsFinished(c))];
        GridCheck.Data(data, open, cli.Terminal.Say);
        foreach (var kind in new[] { "configs", "runs", "logs" })
            Directory.CreateDirectory(Path.Combine(output, kind));
        var all = Math.Min(open.Length, budget?.Cells ?? open.Length);
        var (done, begun, leftOut) = (0, 0, new HashSet<string>());
        var failed = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var spent = Stopwatch.StartNew();
        cli.Terminal.WithProgress(title, all, report =>
        {
            // One at a time and in the plan's order: a thread that takes several has the others wait for it at the end, and a budget cut anywhere.
            Parallel.ForEach(Partitioner.Create(open, EnumerablePartitionerOptions.NoBuffering), new ParallelOptions { MaxDegreeOfParallelism = jobs, CancellationToken = cli.Cancellation }, cell =>
            {
                lock (failed)
                {
                    if (budget?.IsSpent(begun, spent.Elapsed) == true)
                    {
                        leftOut.Add(cell.Name);
                        return;
                    }
                    begun++;
                }
                var problem = Train(cell);
                lock (failed)
                {
                    if (problem is not null)
                        failed[cell.Name] = problem;
                    report(++done, FormattableString.Invariant($"{done} of {all} trials"));
                }
            });
        });
        if (failed.Count > 0)
        {
            foreach (var (name, problem) in failed)
                cli.Terminal.Say($"Trial {name} failed: {problem}");
            throw new Llm4MsrException(FaultKind.CheckFailed,
                $"{failed.Count} of {cells.Count} trials failed, and arms with fewer trials than others are not compared. Mend the cause and run the same command again: finished trials are kept.");
        }
        return [.. cells.Where(c => leftOut.Contains(c.Name))];
    }

    /// <returns>Why it failed; null where it did not.</returns>
    private string? Train(Cell cell)
    {
        var config = Path.Combine(output, "configs", cell.Name + ".json");
        Config.WriteFile(config, cell.Config);
        using var process = ThisProgram.Start("train", folder, "--config", config, "--out", RunFolder(cell));
        using var stop = cli.Cancellation.Register(process.Kill); // what it has done is kept, exactly
        var printed = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        File.WriteAllText(Path.Combine(output, "logs", cell.Name + ".log"), printed.Result + errors);
        cli.Cancellation.ThrowIfCancellationRequested();
        return process.ExitCode == 0 ? null : errors.Trim() is { Length: > 0 } said ? said : FormattableString.Invariant($"it ended with {process.ExitCode} and said nothing: {printed.Result.Trim()}");
    }

    private bool IsFinished(Cell cell) =>
        Directory.Exists(RunFolder(cell)) && !cell.Config.AllSeeds.Except(ModelFolder.Open(RunFolder(cell)).Seeds).Any();
}
