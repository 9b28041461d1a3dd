using System.Text.Json;
using System.Text.Json.Nodes;
using Llm4Msr.Cli.Configuration;
using Llm4Msr.Models;
using Llm4Msr.Platform;
using Llm4Msr.Training;

namespace Llm4Msr.Cli;

/// <summary>What the folders and files hold that a report is asked to tell of.</summary>
/// <param name="Runs">Name and folder, each folder once; names differ.</param>
/// <param name="Results">As <see cref="ResultFile"/> reads them.</param>
internal sealed record ReportSources(IReadOnlyList<(string Name, ModelFolder Folder)> Runs, IReadOnlyList<object> Results)
{
    private const string RunsFolder = "runs";

    /// <param name="sources">Run folders, result folders of other commands, and files that they wrote or printed.</param>
    public static ReportSources Of(IReadOnlyList<string> sources)
    {
        List<(string? Arm, string Path)> runs = [];
        List<object> results = [];
        foreach (var source in sources)
        {
            if (Directory.Exists(source) && FolderManifest.FormatOf(source) == ModelFolder.Format)
            {
                runs.Add((null, source));
                continue;
            }
            var files = File.Exists(source) ? [source] : ResultFile.Names.SelectMany(name => PlacesOf(source, name)).Where(File.Exists).ToList();
            if (files.Count == 0)
            {
                throw new Llm4MsrException(FaultKind.Usage, Directory.Exists(source)
                    ? $"'{source}' is no run folder, and holds none of {string.Join(", ", ResultFile.Names)}. Name what 'llm4msr train', 'controls', 'protocols', 'reproduce' or 'value' wrote."
                    : $"There is no '{source}'. Name run folders, result folders, or files of results.");
            }
            foreach (var file in files)
            {
                var result = ResultFile.Read(file);
                results.Add(result);
                var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
                runs.AddRange(RunsOf(result).Select(run => ((string?)run.Arm, RunFolder(folder, run))));
            }
        }
        if (runs.Count == 0)
            throw new Llm4MsrException(FaultKind.Usage, "None of these is a run or names one. Name at least one run folder.");
        return new ReportSources(Named(runs), results);
    }

    public T? The<T>() where T : class => Results.OfType<T>().LastOrDefault();

    /// <summary>The configuration that trains a run again.</summary>
    /// <param name="store">The store that it was trained with, if that is known.</param>
    public static JsonNode ConfigOf(ModelFolder folder, string? store)
    {
        var (setup, seeds) = (TrainingRun.SetupOf(folder), folder.Seeds);
        return JsonSerializer.SerializeToNode(new TrainConfig
        {
            Knowledge = setup.Options.Model.Fusion is null && setup.KnowledgeContentHash is null ? null : store ?? "KNOWLEDGE.db",
            Seeds = seeds[^1] - seeds[0] + 1,
            FirstSeed = seeds[0],
            Model = setup.Options.Model,
            Training = setup.Options.Training,
            Arm = setup.Options.Arm,
            State = setup.Options.State,
            ActiveUsers = setup.Options.ActiveUsers,
            Scenarios = setup.Options.Scenarios,
            KeepRowsWithoutKnowledge = setup.Options.KeepRowsWithoutKnowledge,
            Threads = setup.Options.Threads,
            CheckpointMinutes = setup.Options.CheckpointMinutes,
        }, Config.Json)!;
    }

    /// <summary>A result lies in its folder; 'reproduce all' gives each a folder of its name.</summary>
    private static IEnumerable<string> PlacesOf(string folder, string name) => [Path.Combine(folder, name), Path.Combine(folder, Path.GetFileNameWithoutExtension(name), name)];

    /// <summary>Runs lie beside the result, or one folder up where several results share them.</summary>
    private static string RunFolder(string folder, ArmRun run)
    {
        var beside = Path.Combine(folder, RunsFolder, Path.GetFileName(run.Run));
        return Directory.Exists(beside) ? beside : Path.Combine(Path.GetDirectoryName(folder) ?? folder, RunsFolder, Path.GetFileName(run.Run));
    }

    private static IEnumerable<ArmRun> RunsOf(object result) => result switch
    {
        ControlsResult controls => controls.Arms,
        ReproducedResult reproduced => reproduced.Rows.Select(row => new ArmRun(row.Arm, row.Run)),
        ProtocolsResult protocols => protocols.Arms,
        ValueResult value => value.Policies.Where(p => p.Run is not null).Select(p => new ArmRun(p.Policy, p.Run!)),
        _ => [],
    };

    private static List<(string, ModelFolder)> Named(List<(string? Arm, string Path)> runs)
    {
        var opened = runs.DistinctBy(run => Path.TrimEndingDirectorySeparator(Path.GetFullPath(run.Path)))
            .Select(run => (run.Arm, run.Path, Folder: ScoredRun.Open(run.Path))).ToList();
        foreach (var other in opened.Skip(1))
            ScoredRun.CheckSameRows(opened[0].Folder, other.Folder);
        string Plain((string? Arm, string Path, ModelFolder Folder) run) =>
            run.Arm ?? ModelName.Of(run.Folder.Description.Options, run.Folder.Description.Knowledge?.Arm);
        var shared = opened.GroupBy(Plain).Where(g => g.Count() > 1).Select(g => g.Key).ToHashSet(StringComparer.Ordinal);
        var named = opened.ToDictionary(run => run.Path, run => shared.Contains(Plain(run)) ? $"{Plain(run)} ({FolderName(run.Path)})" : Plain(run), StringComparer.Ordinal);
        var again = named.GroupBy(run => run.Value, run => run.Key).Where(g => g.Count() > 1).SelectMany(g => g).ToHashSet(StringComparer.Ordinal); // one training in two grids
        return [.. opened.Select(run => (again.Contains(run.Path) ? $"{Plain(run)} ({GridName(run.Path)}/{FolderName(run.Path)})" : named[run.Path], run.Folder))];
    }

    private static string FolderName(string path) => Path.GetFileName(Path.TrimEndingDirectorySeparator(path));

    /// <summary>Of the folder that holds the folder of runs.</summary>
    private static string GridName(string path)
    {
        var parent = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path))) ?? "";
        return FolderName(FolderName(parent) == RunsFolder ? Path.GetDirectoryName(parent) ?? "" : parent);
    }
}
