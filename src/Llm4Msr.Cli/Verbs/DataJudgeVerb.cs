using System.CommandLine;
using Llm4Msr.Data;
using Llm4Msr.Import.Generator;
using Llm4Msr.Platform;
using Llm4Msr.Training;
using TorchSharp;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr data judge</c>: a model judged by the truth that was planted.</summary>
internal static class DataJudgeVerb
{
    public static Verb Create(Cli cli)
    {
        var run = new Argument<string>("run") { Description = "Folder written by 'llm4msr train' on generated data." };
        var truth = new Option<string?>("--truth") { Description = "Folder that 'llm4msr data generate' wrote [default: the data of the run]." };
        var data = new Option<string?>("--data") { Description = "Prepared data [default: the folder that the run was trained on]." };
        var part = Spelling.Option("--part", "Which rows.", Part.Test, Part.Training, Part.Validation, Part.Test);
        var verb = new Verb("judge", "How much of the best AUC that generated data allow a run reaches.",
            "llm4msr data judge runs/star", "llm4msr data judge runs/star --truth logs --part validation")
        {
            run, truth, data, part,
        };
        verb.SetAction(parsed => Run(cli, parsed.GetRequiredValue(run), parsed.GetValue(truth), parsed.GetValue(data), parsed.GetValue(part).Value));
        return verb;
    }

    private static void Run(Cli cli, string run, string? truthFolder, string? dataFolder, Part part)
    {
        Libtorch.Require();
        torch.set_num_threads(1);
        var folder = ScoredRun.Open(run);
        var data = ScoredRun.OpenData(folder, dataFolder);
        var ranks = ScoredRun.RanksOf(data, part, folder);
        var truth = TruthFiles.Read(truthFolder ?? dataFolder ?? TrainingRun.DataFolderOf(folder));
        var best = PlantedProbabilities.Of(truth, data, ranks);
        ScoredRun? scored = null;
        cli.Terminal.WithProgress("judge", folder.Seeds.Count, report =>
            scored = ScoredRun.Of(folder, data, ranks, done => report(done, $"{done} of {folder.Seeds.Count} seeds scored"), cli.Cancellation));
        var results = JudgedScenario.Of(scored!, best);
        cli.Terminal.Result(new { run, part, scenarios = results }, console => JudgedScenario.Print(console, $"{scored!.Model}, {Spelling.Of(part)} part", results));
    }
}
