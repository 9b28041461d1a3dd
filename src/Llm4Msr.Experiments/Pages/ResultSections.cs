using System.Xml.Linq;
using Llm4Msr.Evaluation;
using Llm4Msr.Experiments.Plots;

namespace Llm4Msr.Experiments.Pages;

/// <summary>How well the runs score, and for whom.</summary>
internal static class ResultSections
{
    public static Section Comparison(ReportFigures figures)
    {
        var averages = figures.Runs.Where(r => r.Baseline is not null).ToList();
        return new Section("table2", "Table 2: runs by scenarios",
            figures.RealLess.Count == 0 ? null : RealLess(figures),
            Html.Table("AUC with 95 % intervals; the last columns say how far a run is ahead of its baseline in mean AUC",
                ["run", .. figures.Scenarios, "mean", "gain", "would be detected"], figures.Runs.Select(run => Row(figures, run))),
            Html.Classed("p", "soft", FormattableString.Invariant(
                $"Each figure is the mean over the run's seeds ({string.Join(", ", figures.Runs.Select(r => r.Seeds.Count).Distinct())}). Intervals: {figures.Runs[0].Intervals.Replicates:N0} draws of the {figures.Runs[0].Intervals.Overall.Users:N0} users, each with all their rows, and of the seeds where there are several. ")
                + (averages.Count == 0 ? "" : "Gains compare models on the same rows under the same draws of users, and of seeds where both have the same. ★: p < 0.05 in a t-test over seeds. ")
                + "Would be detected: the difference that so many users and seeds would have shown four times of five."),
            Undefined(figures));
    }

    public static Section Scenarios(ReportFigures figures)
    {
        var runs = Shown(figures.Runs);
        var model = Plot.Model(Plot.Categories("", [.. figures.Scenarios, "mean"]), Plot.Numbers("AUC", "0.00"));
        foreach (var (run, k) in runs.Select((run, k) => (run, k)))
            model.AddIntervals(k, runs.Count, [.. run.Intervals.Scenarios.Select((s, scenario) => (run.AucOf(scenario), s.Auc)), (run.MeanAuc, run.Intervals.MeanAuc)]);
        var gains = figures.Runs.Where(r => r.OverBaseline is not null).ToList();
        return new Section("scenarios", "AUC per scenario",
            Legend(figures, runs), Html.Classed("div", "plots",
                Figure("AUC, with 95 % intervals", Plot.Draw(model, "auc", $"AUC by scenario: {string.Join("; ", runs.Select(r => $"{r.Name}: {string.Join(", ", Named(figures, r))}"))}."), "Intervals of one run alone are wide, since users differ: compare runs by their differences."),
                gains.Count == 0 ? null : Gains(figures, Shown(gains))));
    }

    public static Section Activity(ReportFigures figures)
    {
        var runs = Shown(figures.Runs.Where(r => r.ByActivity.Any(g => g.Gain.Difference is not null)).ToList());
        if (runs.Count == 0)
            return new Section("activity", "Gain by user activity", Section.Missing("A gain needs two runs on the same rows.", "llm4msr report RUN OTHER-RUN"));
        var groups = runs[0].ByActivity;
        var model = Plot.Model(Plot.Categories("interactions of a user", [.. groups.Select(Range)]), Plot.Numbers("gain in mean AUC", "+0.00;-0.00;0"));
        model.AddZero();
        foreach (var (run, k) in runs.Select((run, k) => (run, k)))
            model.AddIntervals(IndexOf(figures, run), run.ByActivity.Select((g, x) => (Marks.Beside(x, k, runs.Count), g.Gain.Difference, g.Gain.Interval)));
        return new Section("activity", "Gain by user activity", Legend(figures, runs), Html.Classed("div", "plots",
                Figure("Gain over the baseline", Plot.Draw(model, "by-activity", $"Gain by activity: {string.Join("; ", runs.Select(r => $"{r.Name}: {string.Join(", ", r.ByActivity.Select(g => $"{Range(g)} interactions {Numbers.WithSign(g.Gain.Difference)}"))}"))}."),
                    $"Users in groups of {string.Join(", ", groups.Select(g => Numbers.Count(g.Users)))}, by how many interactions they have in all the data."),
            Html.Table("Gain in mean AUC over the baseline, 95 % interval", ["interactions", .. runs.Select(r => r.Name)],
                groups.Select((g, k) => (IEnumerable<object?>)[Range(g), .. runs.Select(r => Gain(r.ByActivity[k].Gain))]))));
    }

    public static Section Calibration(ReportFigures figures)
    {
        var runs = Shown(figures.Runs);
        var model = Plot.Model(Plot.Numbers("mean probability", "0.00"), Plot.Numbers("click rate", "0.00"));
        model.AddDiagonal();
        foreach (var (run, k) in runs.Select((run, k) => (run, k)))
            model.AddLine(k, run.Calibration.Select(bin => (bin.Probability, bin.ClickRate)), marked: true);
        return new Section("calibration", "Calibration", Legend(figures, runs), Html.Classed("div", "plots", Figure("What was promised, and what happened",
            Plot.Draw(model, "calibrated", $"Click rate against mean probability; mean distance: {string.Join("; ", runs.Select(r => $"{r.Name} {Numbers.Figure(r.Seeds.Average(s => s.Metrics.Overall.CalibrationError))}"))}."),
            FormattableString.Invariant($"{Evaluation.Calibration.Bins} bins of as many rows, all scenarios and seeds together. On the dashed line probabilities mean what they say.")),
            Html.Table("All scenarios together, mean over the seeds", ["run", "log loss", "norm. entropy", "ECE", "predicted / actual"], figures.Runs.Select(run => (IEnumerable<object?>)[
                Html.Foreign(run.Name), Mean(run, m => m.LogLoss), Mean(run, m => m.NormalizedEntropy), Mean(run, m => m.CalibrationError), Mean(run, m => m.PredictedToActual)]))),
            Html.Classed("p", "soft", "ECE: mean distance of probability and click rate. Normalised entropy: log loss over that of the click rate alone."));

        static string Mean(RunFigures run, Func<ScenarioMetrics, double?> figure) => Numbers.Figure(run.Seeds.Average(s => figure(s.Metrics.Overall)));
    }

    /// <summary>As many as a plot can hold; a run keeps its colour in all of them.</summary>
    internal static List<RunFigures> Shown(IReadOnlyList<RunFigures> runs) => [.. runs.Take(Plot.MostSeries)];

    internal static int IndexOf(ReportFigures figures, RunFigures run) => figures.Runs.ToList().IndexOf(run) % Plot.MostSeries;

    internal static XElement Legend(ReportFigures figures, IReadOnlyList<RunFigures> runs) => Html.Classed("ul", "legend",
        runs.Select(run => Html.Of("li", new XElement("span", new XAttribute("style", FormattableString.Invariant($"color:var(--series-{IndexOf(figures, run)})")), new XAttribute("aria-hidden", "true"),
            Plot.MarkOf(IndexOf(figures, run))), " ", Html.Foreign(run.Name))),
        figures.Runs.Count > Plot.MostSeries ? Html.Of("li", FormattableString.Invariant($"(plots show the first {Plot.MostSeries} of {figures.Runs.Count} runs)")) : null);

    internal static XElement Figure(string title, XElement svg, string caption) => Html.Of("figure", Html.Of("h3", title), svg, Html.Of("figcaption", caption));

    internal static object[] Gain(AucDifference? gain) => gain is null ? [] :
        [Html.Classed("span", gain.Verdict switch { Verdict.SecondAhead => "ahead", Verdict.FirstAhead => "behind", _ => "open" }, Numbers.WithSign(gain.Difference)), Html.Of("small", Numbers.WithSign(gain.Interval))];

    private static XElement Gains(ReportFigures figures, List<RunFigures> runs)
    {
        var model = Plot.Model(Plot.Categories("", [.. figures.Scenarios, "mean"]), Plot.Numbers("gain in AUC", "+0.00;-0.00;0"));
        model.AddZero();
        foreach (var (run, k) in runs.Select((run, k) => (run, k)))
            model.AddIntervals(IndexOf(figures, run), run.OverBaseline!.Scenarios.Append(run.OverBaseline.Mean).Select((g, x) => (Marks.Beside(x, k, runs.Count), g.Difference, g.Interval)));
        return Figure("Gain over the baseline, with 95 % intervals",
            Plot.Draw(model, "gain", $"Gain in mean AUC over the baseline: {string.Join("; ", runs.Select(r => $"{r.Name} {Numbers.WithSign(r.OverBaseline!.Mean.Difference)}"))}."),
            "An interval that holds the dashed zero line shows no difference.");
    }

    private static XElement RealLess(ReportFigures figures) => Html.Table($"{figures.Real} less each other run of its backbone, in mean AUC",
        ["other run", "difference", "would be detected", "t-test over seeds", ""],
        figures.RealLess.Select(other => (IEnumerable<object?>)[
            Html.Foreign(other.Other), Gain(other.Mean), other.Mean.SmallestDetectable is { } least ? Numbers.Figure(least) : "", other.Mean.OverSeeds is { } test ? $"p = {Numbers.P(test)}" : "",
            Conclusions.Word(other.Mean.Verdict, "real behind", "real ahead"),
        ]));

    private static IEnumerable<object?> Row(ReportFigures figures, RunFigures run)
    {
        var over = run.OverBaseline;
        yield return Html.Foreign(run.Name);
        for (var s = 0; s < figures.Scenarios.Count; s++)
            yield return Auc(run.AucOf(s), run.Intervals.Scenarios[s].Auc, over?.Scenarios[s]);
        yield return Auc(run.MeanAuc, run.Intervals.MeanAuc, over?.Mean);
        yield return over is null ? "baseline" : Gain(over.Mean);
        yield return over?.Mean.SmallestDetectable is { } least ? Numbers.Figure(least) : "";
    }

    private static object[] Auc(double? auc, Interval? interval, AucDifference? gain) =>
        [Numbers.Figure(auc) + (RunFigures.HasStar(gain) ? "★" : ""), Html.Of("small", interval is null ? "no interval" : Numbers.Text(interval))];

    private static IEnumerable<XElement> Undefined(ReportFigures figures) => figures.Runs[0].Intervals.Scenarios.Where(s => s.Undefined is not null)
        .Select(s => Html.Classed("p", "soft", Html.Foreign(s.Scenario), $": {s.Undefined}."));

    private static IEnumerable<string> Named(ReportFigures figures, RunFigures run) =>
        figures.Scenarios.Select((name, s) => $"{name} {Numbers.Figure(run.AucOf(s))}").Append($"mean {Numbers.Figure(run.MeanAuc)}");

    private static string Range(ActivityGroup group) => group.From == group.To ? Numbers.Count(group.From) : $"{Numbers.Count(group.From)} to {Numbers.Count(group.To)}";
}
