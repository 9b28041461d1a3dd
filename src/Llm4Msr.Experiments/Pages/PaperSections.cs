using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Llm4Msr.Evaluation;
using Llm4Msr.Experiments.Plots;

namespace Llm4Msr.Experiments.Pages;

/// <summary>What the paper's tables and figures say, made again; and what knowledge costs.</summary>
internal static partial class PaperSections
{
    public static Section TAndK(ReportFigures figures)
    {
        const string Title = "T and K curves";
        if (figures.Reproduced.FirstOrDefault(r => r.What == "figure4") is not { } figure)
            return new Section("figure4", Title, Section.Missing("How gain depends on the history's length T and the meta layers' depth K:", "llm4msr reproduce figure4 DATA --knowledge KNOWLEDGE.db --out paper, then name the folder here"));
        (string Letter, string Axis)[] curves = [("K", "meta layers, K"), ("T", "items of a scenario in a prompt, T")];
        var drawn = curves.Select(curve => (curve, Points: PointsOf(figure, curve.Letter))).Where(c => c.Points.Count > 1).ToList();
        return new Section("figure4", Title,
            Html.Classed("div", "plots", drawn.Select(c => Curve(c.curve.Letter, c.curve.Axis, c.Points))), drawn.Count == 0 ? Html.P("Too few arms are finished for a curve.") : null, Html.Classed("p", "soft", figure.PaperSays));
    }

    public static Section Value(ReportFigures figures)
    {
        const string Title = "Cost against gain";
        if (figures.Value is not { Policies.Count: > 0 } value)
            return new Section("value", Title, Section.Missing("What knowledge of some users, or of all, gains for its hours:", "llm4msr value DATA --knowledge KNOWLEDGE.db --out value, then name the folder here"));
        var points = value.Policies.Where(p => p is { Gain: not null, Hours: not null }).ToList(); // 'value' knows no hours without --hours or --model
        return new Section("value", Title, Html.P(Html.Foreign(value.Sentence)),
            points.Count == 0 ? null : Html.Classed("div", "plots", CostPlot(points)),
            Html.Table("Who is asked about, what it takes, what it gains", ["policy", "users", "hours", "AUC", "gain", "95 % interval"], value.Policies.Select(p => (IEnumerable<object?>)[
                Html.Foreign(p.Policy), Numbers.Count(p.Users), p.Hours is { } hours ? Numbers.Hours(hours) : "", Numbers.Figure(p.Auc), p.Gain is null ? "" : Numbers.WithSign(p.Gain),
                p is { Low: { } low, High: { } high } ? Numbers.WithSign(new Interval(low, high)) : "",
            ])));
    }

    public static Section Paper(ReportFigures figures)
    {
        const string Title = "Beside the paper";
        if (figures.Reproduced.Count == 0 && figures.Times is null)
            return new Section("paper", Title, Section.Missing("The paper's tables and figures on these data:", "llm4msr reproduce table2 DATA --knowledge KNOWLEDGE.db --out paper, then name the folder here"));
        return new Section("paper", Title, [.. figures.Reproduced.SelectMany(Reproduced), .. Times(figures.Times)]);
    }

    /// <param name="points">Whose hours and gains are known.</param>
    private static XElement CostPlot(List<PolicyResult> points)
    {
        var gain = Plot.Numbers("gain in mean AUC", "+0.000;-0.000;0");
        gain.MaximumPadding = 0.12; // for the label of the highest
        var model = Plot.Model(Plot.Numbers("hours of the language model", "0.##"), gain);
        model.AddZero();
        model.AddIntervals(0, points.Select(p => (p.Hours!.Value, p.Gain, p is { Low: { } low, High: { } high } ? new Interval(low, high) : null)));
        var most = points.Max(p => p.Hours!.Value);
        foreach (var p in points)
            model.AddLabel(p.Hours!.Value, p.High ?? p.Gain!.Value, p.Policy, along: most > 0 ? p.Hours.Value / most : 0, below: p.High == p.Low); // no knowledge has no interval, and another's beside it
        return ResultSections.Figure("Gain for hours",
            Plot.Draw(model, "hours", $"Gain by hours: {string.Join("; ", points.Select(p => $"{p.Policy} {Numbers.Hours(p.Hours!.Value)} h {Numbers.WithSign(p.Gain)}"))}."), "Over no knowledge, with 95 % intervals.");
    }

    private static IEnumerable<XElement?> Reproduced(ReproducedResult result)
    {
        yield return Html.Of("h3", result.What);
        if (result.Rows.Count > 0)
        {
            var paper = result.Rows.Any(r => r.Paper.Length > 0);
            yield return Html.Table($"{result.What}: AUC of the test part, and the gain over {string.Join(", ", result.Rows.Select(r => r.Baseline).OfType<string>().Distinct())}",
                ["", .. result.Rows[0].Auc.Select(a => a.Scenario), "gain", .. (string[])(paper ? ["paper's gains"] : [])],
                result.Rows.Select(row => (IEnumerable<object?>)[
                    Html.Foreign(row.Arm), .. row.Auc.Zip(row.Stars, (auc, star) => Numbers.Figure(auc.Auc) + (star ? "★" : "")), ResultSections.Gain(row.OverBaseline?.Mean),
                    .. (string[])(paper ? [row.Paper] : []),
                ]));
        }
        yield return Html.P(result.PaperSays);
        yield return Html.Classed("ul", "lines soft", result.Differs.Select(d => Html.Of("li", "Differs from the paper: ", Html.Foreign(d))));
        if (result.LeftOut.Count > 0)
            yield return Html.Classed("p", "missing", $"Left out by the budget: {string.Join(", ", result.LeftOut)}. The same command goes on.");
    }

    private static IEnumerable<XElement> Times(TimesResult? times)
    {
        if (times is not { Rows.Count: > 0 })
            yield break;
        var paperBase = times.Rows[0].PaperSeconds;
        yield return Html.Of("h3", "table3");
        yield return Html.Table(FormattableString.Invariant($"Processor time of {times.Batch:N0} rows, and its ratio to the first model's (quartiles); {times.Place}"),
            ["", "training step", "ratio", "paper's", "inference batch", "ratio", "paper's"], times.Rows.Select(r => (IEnumerable<object?>)[
                r.Model, .. Cells(r.Training, r.PaperSeconds.Training / paperBase.Training), .. Cells(r.Inference, r.PaperSeconds.Inference / paperBase.Inference),
            ]));

        static object[] Cells(MeasuredTime time, double paper) =>
            [FormattableString.Invariant($"{time.Milliseconds:0.0} ms"), new object[] { Ratio(time.Ratio), Html.Of("small", $"{Ratio(time.Low)} to {Ratio(time.High)}") }, Ratio(paper)];

        static string Ratio(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);
    }

    private static List<(double X, AucDifference Gain)> PointsOf(ReproducedResult figure, string letter) =>
    [
        .. from row in figure.Rows
           let setting = Setting().Match(row.Arm)
           let over = row.OverBaseline
           where setting.Success && setting.Groups[1].Value == letter && over is not null
           let x = double.Parse(setting.Groups[2].Value, CultureInfo.InvariantCulture)
           orderby x
           select (x, over.Mean),
    ];

    private static XElement Curve(string letter, string axis, List<(double X, AucDifference Gain)> points)
    {
        var model = Plot.Model(Plot.Numbers(axis, "0"), Plot.Numbers("gain in mean AUC", "+0.000;-0.000;0"));
        model.AddZero();
        model.AddLine(0, points.Where(p => p.Gain.Difference is not null).Select(p => (p.X, p.Gain.Difference!.Value)));
        model.AddIntervals(0, points.Select(p => (p.X, p.Gain.Difference, p.Gain.Interval)));
        return ResultSections.Figure($"Gain by {letter}", Plot.Draw(model, $"curve-{letter}", $"Gain by {letter}: {string.Join(", ", points.Select(p => FormattableString.Invariant($"{p.X} {Numbers.WithSign(p.Gain.Difference)}")))}."), "Over no knowledge, with 95 % intervals.");
    }

    /// <summary>"K = 2", or "T = 15, store.db".</summary>
    [GeneratedRegex(@"^([KT]) = (\d+)\b")]
    private static partial Regex Setting();
}
