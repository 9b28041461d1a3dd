using Llm4Msr.Data;
using Llm4Msr.Evaluation;
using Llm4Msr.Models;
using Llm4Msr.Platform;
using Llm4Msr.Training;

namespace Llm4Msr.Cli;

/// <summary>A run, and the rows of a part as the model of each of its seeds scores them.</summary>
internal sealed record ScoredRun(ModelFolder Folder, IReadOnlyDictionary<int, ScoredRows> Seeds)
{
    public string Path => Folder.Path;

    public string Model => ModelName.Of(Folder.Description.Options, Folder.Description.Knowledge?.Arm);

    /// <summary>The run in a folder; refused where no seed of it is trained yet.</summary>
    public static ModelFolder Open(string run)
    {
        var folder = ModelFolder.Open(run);
        return folder.Seeds.Count > 0
            ? folder
            : throw new Llm4MsrException(FaultKind.Usage, $"The run '{run}' holds no trained seed yet. Run the training command again: it goes on where it stopped.");
    }

    /// <summary>The data that a run was trained on.</summary>
    /// <param name="dataFolder">Null for where they lay then.</param>
    public static InteractionDataset OpenData(ModelFolder folder, string? dataFolder)
    {
        dataFolder ??= TrainingRun.DataFolderOf(folder);
        if (!Directory.Exists(dataFolder))
            throw new Llm4MsrException(FaultKind.BadInput, $"The data of the run are not in '{dataFolder}' any more. Say where they are with --data.");
        var data = InteractionDataset.Open(dataFolder);
        return data.Description.TrainingPartHash == folder.Description.TrainingPartHash
            ? data
            : throw new Llm4MsrException(FaultKind.Damaged,
                $"The data in '{dataFolder}' are not those that '{folder.Path}' was trained on, or are split differently. Say where they are with --data, or train again.");
    }

    /// <summary>Refuses runs whose figures are not about the same rows.</summary>
    public static void CheckSameRows(ModelFolder first, ModelFolder second)
    {
        var (a, b) = (first.Description, second.Description);
        if (a.InteractionsHash != b.InteractionsHash)
        {
            throw new Llm4MsrException(FaultKind.Usage,
                $"'{second.Path}' was trained on other data than '{first.Path}' (interactions {b.InteractionsHash}, not {a.InteractionsHash}). Compare runs of the same data.");
        }
        if (a.TrainingPartHash != b.TrainingPartHash)
        {
            throw new Llm4MsrException(FaultKind.Usage,
                $"'{second.Path}' was trained on another split of the data than '{first.Path}' (training part {b.TrainingPartHash}, not {a.TrainingPartHash}). Compare runs of one prepared folder.");
        }
    }

    /// <summary>The ranks of a part, of scenarios that every run was trained on; refused where there are none.</summary>
    public static int[] RanksOf(InteractionDataset data, Part part, params IReadOnlyList<ModelFolder> runs)
    {
        var scenarios = data.Description.Scenarios.Select(s => s.Name).Where(name => runs.All(run => run.Description.Scenarios?.Contains(name) ?? true)).ToList();
        var ranks = data.RanksOf(part, scenarios);
        return ranks.Length > 0
            ? ranks
            : throw new Llm4MsrException(FaultKind.Usage, $"The split {Spelling.Of(data.Description.Split.Kind)} has no rows in the part {Spelling.Of(part)}"
                + (scenarios.Count < data.Description.Scenarios.Count ? " of a scenario that was trained on." : "."));
    }

    /// <param name="scored">Called with the number of seeds that are done.</param>
    /// <param name="among">The seeds that are scored; null for all that are trained.</param>
    public static ScoredRun Of(
        ModelFolder folder, InteractionDataset data, int[] ranks, Action<int> scored, CancellationToken cancellation, IReadOnlyList<int>? among = null)
    {
        var seeds = new Dictionary<int, ScoredRows>();
        foreach (var seed in among ?? folder.Seeds)
        {
            cancellation.ThrowIfCancellationRequested();
            seeds.Add(seed, TrainingRun.Score(folder, data, seed, ranks));
            scored(seeds.Count);
        }
        return new ScoredRun(folder, seeds);
    }
}
