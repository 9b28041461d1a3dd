using System.CommandLine;
using Llm4Msr.Data;
using Llm4Msr.Evaluation;
using Llm4Msr.Models;
using Llm4Msr.Platform;
using Llm4Msr.Training;
using TorchSharp;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr evaluate</c>: score a part of the data again with the models of a run.</summary>
internal static class EvaluateVerb
{
    public static Command Create(Cli cli)
    {
        var run = new Argument<string>("run") { Description = "Folder written by 'llm4msr train'." };
        var data = new Option<string?>("--data") { Description = "Prepared data [default: the folder that the run was trained on]." };
        var part = new Option<Part>("--part")
        {
            Description = "Which rows.",
            DefaultValueFactory = _ => Part.Test,
            CustomParser = Spelling.Parser<Part>(),
            HelpName = "training|validation|test",
        };
        var verb = new Verb("evaluate", "AUC per scenario of a run's models.", "llm4msr evaluate runs/star", "llm4msr evaluate runs/star --part validation --json")
        {
            run, data, part,
        };
        verb.SetAction(parsed => Run(cli, parsed.GetRequiredValue(run), parsed.GetValue(data), parsed.GetValue(part)));
        return verb;
    }

    private static int Run(Cli cli, string run, string? dataFolder, Part part)
    {
        Libtorch.Require();
        torch.set_num_threads(1);
        var folder = ModelFolder.Open(run);
        var data = OpenData(folder, dataFolder ?? TrainingRun.DataFolderOf(folder));
        var ranks = data.RanksOf(part);
        if (ranks.Length == 0)
            throw new Llm4MsrException(FaultKind.Usage, $"The split {Spelling.Of(data.Description.Split.Kind)} has no rows in the part {Spelling.Of(part)}.");
        if (folder.Seeds.Count == 0)
            throw new Llm4MsrException(FaultKind.Usage, $"The run '{run}' holds no trained seed yet. Run the training command again: it goes on where it stopped.");

        List<(int Seed, Metrics Metrics)> results = [];
        foreach (var seed in folder.Seeds)
        {
            cli.Cancellation.ThrowIfCancellationRequested();
            results.Add((seed, Evaluate(folder, data, seed, ranks)));
        }
        MetricsReport.Print(cli.Terminal, $"{Spelling.Of(folder.Description.Options.Backbone)} + {Spelling.Of(folder.Description.Options.Enhancement)}, {Spelling.Of(part)} part", results,
            new { run, part, seeds = results.Select(r => new { seed = r.Seed, metrics = r.Metrics }) },
            $"Scored again from {run}.");
        return 0;
    }

    private static InteractionDataset OpenData(ModelFolder folder, string dataFolder)
    {
        if (!Directory.Exists(dataFolder))
            throw new Llm4MsrException(FaultKind.BadInput, $"The data of the run are not in '{dataFolder}' any more. Say where they are with --data.");
        var data = InteractionDataset.Open(dataFolder);
        return data.Description.TrainingPartHash == folder.Description.TrainingPartHash
            ? data
            : throw new Llm4MsrException(FaultKind.Damaged,
                $"The data in '{dataFolder}' are not those that '{folder.Path}' was trained on, or are split differently. Say where they are with --data, or train again.");
    }

    private static Metrics Evaluate(ModelFolder folder, InteractionDataset data, int seed, int[] ranks)
    {
        using var scope = torch.NewDisposeScope();
        using var model = folder.Load(seed);
        if (folder.Knowledge is null)
            return Evaluator.Evaluate(model, data, ranks, null);
        using var visible = TrainingRun.Visible(data, folder.Description.Knowledge!.Arm.Apply(folder.Knowledge, seed), model);
        return Evaluator.Evaluate(model, data, ranks, visible);
    }
}
