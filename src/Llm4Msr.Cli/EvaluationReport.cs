using Llm4Msr.Evaluation;
using Spectre.Console;
using static System.FormattableString;

namespace Llm4Msr.Cli;

/// <summary>What <c>evaluate</c> found, a row per scenario, each figure the mean over the seeds.</summary>
internal static class EvaluationReport
{
    public static void Print(IAnsiConsole console, string title, List<(int Seed, Metrics Metrics)> seeds, MetricsIntervals? intervals, bool details)
    {
        console.Write(TableOf(seeds.Count == 1 ? title : Invariant($"{title}, mean of {seeds.Count} seeds"), seeds, intervals));
        foreach (var scenario in seeds[0].Metrics.Scenarios.Where(s => s.Auc is null))
            console.WriteLine($"The AUC of '{scenario.Scenario}' is undefined ({scenario.Undefined}), so the mean leaves it out.");
        foreach (var scenario in intervals is null ? [] : intervals.Scenarios.Append(intervals.Overall).Where((s, k) => s.Auc is null && AucOf(seeds[0].Metrics, k) is not null))
            console.WriteLine($"The AUC of '{scenario.Scenario}' has no interval ({scenario.Undefined}).");
        if (intervals is not null)
        {
            console.WriteLine(Invariant($"Intervals hold 95 % of {intervals.Replicates:N0} draws of the {intervals.Overall.Users:N0} users, each with all their rows")
                + (intervals.Seeds > 1 ? Invariant($", and of the {intervals.Seeds} seeds.") : "."));
        }
        if (details)
            PrintDetails(console, seeds, intervals);
        else
            console.WriteLine(intervals is null ? "More: --intervals, --details." : "More: --details.");
    }

    private static Table TableOf(string title, List<(int Seed, Metrics Metrics)> seeds, MetricsIntervals? intervals)
    {
        var table = NewTable(title);
        table.AddColumn(new TableColumn("").PadRight(0));
        AddColumns(table, ["AUC", .. (string[])(seeds.Count > 1 ? ["±"] : []), .. (string[])(intervals is null ? [] : ["95 % interval"]),
            "grouped\nAUC", "log\nloss", "norm.\nentropy", "ECE", "pred. /\nactual"]);
        var scenarios = seeds[0].Metrics.Scenarios;
        for (var s = 0; s <= scenarios.Count; s++)
        {
            if (s == scenarios.Count)
                table.AddRow(["mean", .. AucCells([.. seeds.Select(x => x.Metrics.MeanAuc)], intervals, intervals?.MeanAuc), "", "", "", "", ""]);
            var all = seeds.Select(x => s < scenarios.Count ? x.Metrics.Scenarios[s] : x.Metrics.Overall).ToList();
            table.AddRow([
                Markup.Escape(all[0].Scenario), .. AucCells([.. all.Select(m => m.Auc)], intervals, IntervalsAt(intervals, s)?.Auc),
                Numbers.Figure(all.Average(m => m.GroupedAuc.Value)), Numbers.Figure(all.Average(m => m.LogLoss)), Numbers.Figure(all.Average(m => m.NormalizedEntropy)),
                Numbers.Figure(all.Average(m => m.CalibrationError)), Numbers.Figure(all.Average(m => m.PredictedToActual), "0.000"),
            ]);
        }
        return table;
    }

    private static IEnumerable<string> AucCells(List<double?> auc, MetricsIntervals? intervals, Interval? interval)
    {
        yield return Numbers.Figure(auc.Average());
        if (auc.Count > 1)
            yield return Numbers.Figure(SeedSample.Deviation([.. auc.OfType<double>()]));
        if (intervals is not null)
            yield return Numbers.Text(interval);
    }

    private static void PrintDetails(IAnsiConsole console, List<(int Seed, Metrics Metrics)> seeds, MetricsIntervals? intervals)
    {
        var table = NewTable(intervals is null ? "rows and users" : "rows, users and the other intervals");
        table.AddColumn("");
        AddColumns(table, ["rows", "clicks", "users with\nboth classes", "left out of\ngrouped AUC",
            .. (string[])(intervals is null ? [] : ["grouped AUC\n95 % interval", "log loss\n95 % interval"])]);
        var calibration = NewTable("95 % intervals of calibration");
        calibration.AddColumn("");
        AddColumns(calibration, ["norm. entropy", "ECE", "predicted / actual"]);
        var metrics = seeds[0].Metrics; // counts are those of the rows, whatever the seed
        foreach (var (scenario, s) in metrics.Scenarios.Append(metrics.Overall).Select((m, s) => (m, s)))
        {
            var own = IntervalsAt(intervals, s);
            table.AddRow([
                Markup.Escape(scenario.Scenario), Numbers.Count(scenario.Rows), Numbers.Count(scenario.Clicks), Numbers.Count(scenario.GroupedAuc.Users), Numbers.Count(scenario.GroupedAuc.LeftOut),
                .. (string[])(own is not null ? [Numbers.Text(own.GroupedAuc), Numbers.Text(own.LogLoss)] : []),
            ]);
            if (own is not null)
                calibration.AddRow([Markup.Escape(scenario.Scenario), Numbers.Text(own.NormalizedEntropy), Numbers.Text(own.CalibrationError), Numbers.Text(own.PredictedToActual)]);
        }
        console.Write(table);
        if (intervals is not null)
            console.Write(calibration);
        console.Write(MetricsReport.TableOf("every seed", seeds));
        console.WriteLine("AUC: share of pairs of a clicked and an unclicked row in the right order. Grouped AUC: each user's own, weighted by rows.");
        console.WriteLine("Normalised entropy: log loss (nats) over that of the click rate alone. ± is the standard deviation over seeds.");
        console.WriteLine(Invariant($"ECE: mean distance of probability and click rate in {Calibration.Bins} bins of as many rows. Predicted / actual: sum of the probabilities over clicks."));
    }

    /// <summary>What intervals are over besides users.</summary>
    internal static string AndSeeds(int seeds) => seeds == 1 ? "" : Invariant($" and the {seeds} seeds");

    /// <summary>What intervals over users alone do not say.</summary>
    internal static string OfOneSeed(int seeds) => seeds == 1 ? "; they are about these models, of 1 seed: --seeds 5 says more" : "";

    /// <summary>The same of comparisons on the rows of single scenarios.</summary>
    internal static string OfAScenario(int seeds) =>
        $"Intervals are over the users of the scenario{AndSeeds(seeds)}, the same draws for both, and each is one comparison of several{OfOneSeed(seeds)}.";

    internal static Table NewTable(string title) => new() { Border = TableBorder.Simple, Title = new TableTitle(Markup.Escape(title)) };

    internal static void AddColumns(Table table, IEnumerable<string> names)
    {
        foreach (var name in names)
            table.AddColumn(new TableColumn(Markup.Escape(name)).RightAligned().PadRight(0)); // narrow enough for a terminal of 100 columns
    }

    private static ScenarioIntervals? IntervalsAt(MetricsIntervals? intervals, int scenario) =>
        intervals is null ? null : scenario < intervals.Scenarios.Count ? intervals.Scenarios[scenario] : intervals.Overall;

    private static double? AucOf(Metrics metrics, int scenario) => scenario < metrics.Scenarios.Count ? metrics.Scenarios[scenario].Auc : metrics.Overall.Auc;
}
