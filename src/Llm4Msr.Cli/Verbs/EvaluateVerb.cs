using System.CommandLine;
using Llm4Msr.Data;
using Llm4Msr.Evaluation;
using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr evaluate</c>: score a part of the data again with the models of a run.</summary>
internal static class EvaluateVerb
{
    public static Command Create(Cli cli)
    {
        var run = new Argument<string>("run") { Description = "Folder written by 'llm4msr train'." };
        var intervals = new Option<bool>("--intervals") { Description = "95 % intervals over users, and over seeds where there are several." };
        var details = new Option<bool>("--details") { Description = "Also rows, clicks, users and every seed's AUC." };
        var settings = new EvaluationSettings();
        var verb = new Verb("evaluate", "How well a run's models score each scenario.",
            "llm4msr evaluate runs/star --intervals", "llm4msr evaluate runs/star --part validation --json")
        {
            run, intervals, details,
        };
        settings.AddTo(verb);
        verb.SetAction(parsed => Run(
            cli, parsed.GetRequiredValue(run), settings.DataOf(parsed), settings.PartOf(parsed), settings.OptionsOf(parsed), parsed.GetValue(intervals), parsed.GetValue(details)));
        return verb;
    }

    private static int Run(Cli cli, string run, string? dataFolder, Part part, EvaluationOptions options, bool withIntervals, bool details)
    {
        Libtorch.Require();
        torch.set_num_threads(1);
        var folder = ScoredRun.Open(run);
        var data = ScoredRun.OpenData(folder, dataFolder);
        var ranks = ScoredRun.RanksOf(data, part, folder);

        ScoredRun? scored = null;
        MetricsIntervals? intervals = null;
        cli.Terminal.WithProgress("evaluate", folder.Seeds.Count, report =>
        {
            scored = ScoredRun.Of(folder, data, ranks, done => report(done, FormattableString.Invariant($"{done} of {folder.Seeds.Count} seeds scored")), cli.Cancellation);
            if (withIntervals)
                intervals = MetricsIntervals.Of([.. scored.Seeds.Values], options, cli.Cancellation);
        });
        List<(int Seed, Metrics Metrics)> seeds = [.. scored!.Seeds.Select(s => (s.Key, Metrics.Of(s.Value, options)))];
        cli.Terminal.Result(
            new { run, part, seeds = seeds.Select(s => new { seed = s.Seed, metrics = s.Metrics }), intervals },
            console => EvaluationReport.Print(console, $"{scored.Model}, {Spelling.Of(part)} part", seeds, intervals, details));
        return 0;
    }
}
