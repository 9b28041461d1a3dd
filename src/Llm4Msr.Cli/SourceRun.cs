using Llm4Msr.Models;
using Llm4Msr.Platform;

namespace Llm4Msr.Cli;

/// <summary>A run as a source of a report names it.</summary>
/// <param name="Arm">What a result calls it; null for a folder that was named itself.</param>
/// <param name="Seeds">Those that a result tells of; null where it is not said.</param>
/// <param name="From">The file or folder that names it.</param>
internal sealed record NamedRun(string? Arm, string Path, IReadOnlyList<int>? Seeds, string From);

/// <summary>A run that a report is to tell of.</summary>
/// <param name="Name">As people read it; no two runs of a report share one.</param>
/// <param name="Seeds">Those that it tells of, whatever others the folder holds.</param>
internal sealed record SourceRun(string Name, ModelFolder Folder, IReadOnlyList<int> Seeds)
{
    /// <summary>The folder in which a grid keeps its runs.</summary>
    public const string Runs = "runs";

    /// <summary>Each folder once.</summary>
    public static IReadOnlyList<SourceRun> Of(IReadOnlyList<NamedRun> named)
    {
        List<SourceRun> runs = [.. named.GroupBy(run => Path.TrimEndingDirectorySeparator(Path.GetFullPath(run.Path))).Select(said => Opened([.. said]))];
        foreach (var other in runs.Skip(1))
            ScoredRun.CheckSameRows(runs[0].Folder, other.Folder);
        var byFolder = Apart(runs, [.. runs.Select(run => run.Name)], FolderName);
        var byGrid = Apart(runs, byFolder, path => $"{GridName(path)}/{FolderName(path)}"); // one training in two grids
        return [.. runs.Zip(byGrid, (run, name) => run with { Name = name })];
    }

    /// <summary>Under the name that it has before others are looked at.</summary>
    /// <param name="said">All that name this folder.</param>
    private static SourceRun Opened(IReadOnlyList<NamedRun> said)
    {
        var folder = ScoredRun.Open(said[0].Path);
        return new SourceRun(said[0].Arm ?? ModelName.Of(folder.Description.Options, folder.Description.Knowledge?.Arm), folder, SeedsOf(folder, said));
    }

    /// <summary>What results say that they scored, else all that is trained.</summary>
    private static IReadOnlyList<int> SeedsOf(ModelFolder folder, IReadOnlyList<NamedRun> said)
    {
        var telling = said.Where(run => run.Seeds is { Count: > 0 }).ToList();
        if (telling.Count == 0)
            return folder.Seeds;
        var (first, seeds) = (telling[0], telling[0].Seeds!);
        if (telling.Find(run => !run.Seeds!.SequenceEqual(seeds)) is { } other)
        {
            throw new Llm4MsrException(FaultKind.Usage, $"Of the run '{folder.Path}' '{first.From}' tells the seeds {string.Join(", ", seeds)}, and '{other.From}' {string.Join(", ", other.Seeds!)}. "
                + "Name one of them at a time, or make one again with the --seeds of the other.");
        }
        if (seeds.Except(folder.Seeds).ToList() is { Count: > 0 } gone)
            throw new Llm4MsrException(FaultKind.Usage, $"'{first.From}' tells of seeds that the run '{folder.Path}' does not hold: {string.Join(", ", gone)}. Make it again.");
        return seeds;
    }

    /// <summary>Names to which the place is added where several runs have one.</summary>
    private static List<string> Apart(IReadOnlyList<SourceRun> runs, IReadOnlyList<string> names, Func<string, string> place)
    {
        var shared = names.GroupBy(name => name, StringComparer.Ordinal).Where(g => g.Count() > 1).Select(g => g.Key).ToHashSet(StringComparer.Ordinal);
        return [.. names.Zip(runs, (name, run) => shared.Contains(name) ? $"{run.Name} ({place(run.Folder.Path)})" : name)];
    }

    private static string FolderName(string path) => Path.GetFileName(Path.TrimEndingDirectorySeparator(path));

    /// <summary>Of the folder that holds the folder of runs.</summary>
    private static string GridName(string path)
    {
        var parent = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path))) ?? "";
        return FolderName(FolderName(parent) == Runs ? Path.GetDirectoryName(parent) ?? "" : parent);
    }
}
