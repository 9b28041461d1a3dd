using System.Text.Json;
using System.Text.Json.Nodes;
using Llm4Msr.Cli.Configuration;
using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Models;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning.Audit;
using Llm4Msr.Training;

namespace Llm4Msr.Cli;

/// <summary>What the folders and files hold that a report is asked to tell of.</summary>
/// <param name="Runs">Each folder once; names differ.</param>
/// <param name="Results">Each file once, and what <see cref="ResultFile"/> reads in it: one of a kind, but of what <c>reproduce</c> makes of runs.</param>
internal sealed record ReportSources(IReadOnlyList<SourceRun> Runs, IReadOnlyList<(string File, object Result)> Results)
{
    /// <param name="sources">Run folders, result folders of other commands, and files that they wrote or printed.</param>
    public static ReportSources Of(IReadOnlyList<string> sources)
    {
        List<NamedRun> runs = [];
        List<(string File, object Result)> results = [];
        foreach (var source in sources)
        {
            if (Directory.Exists(source) && FolderManifest.FormatOf(source) == ModelFolder.Format)
            {
                runs.Add(new NamedRun(null, source, null, source));
                continue;
            }
            var files = File.Exists(source) ? [source] : ResultFile.Names.SelectMany(name => PlacesOf(source, name)).Where(File.Exists).ToList();
            if (files.Count == 0)
            {
                throw new Llm4MsrException(FaultKind.Usage, Directory.Exists(source)
                    ? $"'{source}' is no run folder, and holds none of {string.Join(", ", ResultFile.Names)}. Name what 'llm4msr train', 'controls', 'protocols', 'reproduce' or 'value' wrote."
                    : $"There is no '{source}'. Name run folders, result folders, or files of results.");
            }
            foreach (var file in files.Where(file => !results.Exists(r => Path.GetFullPath(r.File) == Path.GetFullPath(file))))
            {
                var result = ResultFile.Read(file);
                RefuseSecond(file, result, results);
                results.Add((file, result));
                var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
                runs.AddRange(RunsOf(result).Select(run => new NamedRun(run.Arm, RunFolder(folder, run.Run), run.Seeds, file)));
            }
        }
        if (runs.Count == 0)
            throw new Llm4MsrException(FaultKind.Usage, "None of these is a run or names one. Name at least one run folder.");
        return new ReportSources(SourceRun.Of(runs), results);
    }

    public IEnumerable<T> All<T>() where T : class => Results.Select(r => r.Result).OfType<T>();

    public T? The<T>() where T : class => All<T>().SingleOrDefault();

    /// <summary>Refuses what other commands said of knowledge, where it says of which and that is not what is reported.</summary>
    /// <param name="store">That is reported; null where none is named.</param>
    public void CheckKnowledge(InteractionDataset data, KnowledgeStore? store)
    {
        foreach (var (file, result) in Results)
        {
            var (interactions, content) = KnowledgeOf(result);
            if (interactions is not null && interactions != data.Description.InteractionsHash)
            {
                throw new Llm4MsrException(FaultKind.Usage, $"'{file}' is about knowledge of other interactions ({interactions}) than those that are reported ({data.Description.InteractionsHash}). "
                    + "Leave it out, or name what was said of this data.");
            }
            if (content is not null && store is not null && content != store.ContentHash)
            {
                throw new Llm4MsrException(FaultKind.Usage, $"'{file}' is about other knowledge (content {content}) than '{store.Path}' holds ({store.ContentHash}). "
                    + $"Leave it out, or save what 'llm4msr {ResultFile.CommandOf(result)}' says of that store.");
            }
        }
    }

    /// <summary>The configuration that trains a run again; of seeds with a gap, those before the first.</summary>
    /// <param name="store">The store that it was trained with, if that is known.</param>
    public static JsonNode ConfigOf(SourceRun run, string? store)
    {
        var (setup, seeds) = (TrainingRun.SetupOf(run.Folder), SeedRange.Of(run.Seeds)[0]);
        return JsonSerializer.SerializeToNode(new TrainConfig
        {
            Knowledge = setup.Options.Model.Fusion is null && setup.KnowledgeContentHash is null ? null : store ?? "KNOWLEDGE.db",
            Seeds = seeds.Count,
            FirstSeed = seeds.First,
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
    private static string RunFolder(string folder, string run)
    {
        var beside = Path.Combine(folder, SourceRun.Runs, Path.GetFileName(run));
        return Directory.Exists(beside) ? beside : Path.Combine(Path.GetDirectoryName(folder) ?? folder, SourceRun.Runs, Path.GetFileName(run));
    }

    private static IEnumerable<(string Arm, string Run, IReadOnlyList<int>? Seeds)> RunsOf(object result) => result switch
    {
        ControlsResult controls => controls.Arms.Select(arm => (arm.Arm, arm.Run, arm.Seeds)),
        ReproducedResult reproduced => reproduced.Rows.Select(row => (row.Arm, row.Run, row.Seeds)),
        ProtocolsResult protocols => protocols.Arms.Select(arm => (arm.Arm, arm.Run, arm.Seeds)),
        ValueResult value => value.Policies.Where(p => p.Run is not null).Select(p => new ArmRun(p.Policy, p.Run!, p.Trials)).Select(arm => (arm.Arm, arm.Run, arm.Seeds)),
        _ => [],
    };

    private static (string? Interactions, string? Content) KnowledgeOf(object result) => result switch
    {
        StoredKnowledge knowledge => (knowledge.InteractionsHash, knowledge.ContentHash),
        LeakReport audit => (audit.InteractionsHash, audit.ContentHash),
        _ => (null, null), // what asking cost stays true when the store is asked about more
    };

    private static void RefuseSecond(string file, object result, List<(string File, object Result)> results)
    {
        if (result is not ReproducedResult && results.Find(r => r.Result.GetType() == result.GetType()) is { File: { } first })
            throw new Llm4MsrException(FaultKind.Usage, $"'{first}' and '{file}' are both of '{ResultFile.CommandOf(result)}', and a report tells of one. Name one at a time.");
    }
}
