using System.CommandLine;
using Llm4Msr.Data;
using Llm4Msr.Evaluation;
using Llm4Msr.Models;
using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr compare</c>: which of two runs is ahead on the same rows, and how sure that is.</summary>
internal static class CompareVerb
{
    public static Command Create(Cli cli)
    {
        var first = new Argument<string>("first") { Description = "A: folder written by 'llm4msr train'." };
        var second = new Argument<string>("second") { Description = "B: another run on the same data." };
        var details = new Option<bool>("--details") { Description = "The other figures of each scenario too." };
        var settings = new EvaluationSettings();
        var verb = new Verb("compare", "Which of two runs is ahead on the same rows, and how sure that is.", "llm4msr compare runs/star runs/star-llm4msr") { first, second, details };
        settings.AddTo(verb);
        verb.SetAction(parsed => Run(
            cli, parsed.GetRequiredValue(first), parsed.GetRequiredValue(second), settings.DataOf(parsed), settings.PartOf(parsed), settings.OptionsOf(parsed), parsed.GetValue(details)));
        return verb;
    }

    private static int Run(Cli cli, string first, string second, string? dataFolder, Part part, EvaluationOptions options, bool details)
    {
        Libtorch.Require();
        torch.set_num_threads(1);
        ModelFolder[] folders = [ScoredRun.Open(first), ScoredRun.Open(second)];
        ScoredRun.CheckSameRows(folders[0], folders[1]);
        var data = ScoredRun.OpenData(folders[0], dataFolder);
        var ranks = ScoredRun.RanksOf(data, part, folders);

        List<ScoredRun> runs = [];
        Comparison? comparison = null;
        IReadOnlyList<FigureDifference> figures = [];
        var all = folders.Sum(f => f.Seeds.Count);
        cli.Terminal.WithProgress("compare", all, report =>
        {
            foreach (var folder in folders)
            {
                var before = runs.Sum(r => r.Seeds.Count);
                runs.Add(ScoredRun.Of(folder, data, ranks, done => report(before + done, FormattableString.Invariant($"{before + done} of {all} models scored")), cli.Cancellation));
            }
            comparison = Comparison.Of(runs[0].Seeds, runs[1].Seeds, options, cli.Cancellation);
            figures = FigureComparison.Of(runs[0].Seeds, runs[1].Seeds, options, cli.Cancellation);
        });
        cli.Terminal.Result(
            new
            {
                part,
                first = new { run = first, model = runs[0].Model, seeds = runs[0].Seeds.Keys },
                second = new { run = second, model = runs[1].Model, seeds = runs[1].Seeds.Keys },
                comparison!.Scenarios,
                comparison.Mean,
                figures,
                comparison.Users,
                comparison.Replicates,
                verdict = ComparisonReport.Sentence(comparison.Mean),
            },
            console => ComparisonReport.Print(console, runs[0], runs[1], part, comparison!, figures, details));
        return 0;
    }
}
