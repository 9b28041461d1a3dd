using Llm4Msr.Data;
using Llm4Msr.Evaluation;
using Spectre.Console;
using static System.FormattableString;

namespace Llm4Msr.Cli;

/// <summary>What <c>compare</c> found: a row per scenario, and a verdict in a sentence.</summary>
internal static class ComparisonReport
{
    public static void Print(IAnsiConsole console, ScoredRun first, ScoredRun second, Part part, Comparison comparison, IReadOnlyList<FigureDifference> figures, bool details)
    {
        console.WriteLine($"A: {Named(first)}");
        console.WriteLine($"B: {Named(second)}");
        var table = EvaluationReport.NewTable($"AUC, {Spelling.Of(part)} part");
        table.AddColumn("");
        EvaluationReport.AddColumns(table, ["A", "B", "B less A", "95 % interval", "t-test\np", "would be\ndetected", ""]);
        foreach (var row in comparison.Scenarios.Append(comparison.Mean))
        {
            table.AddRow(
                Markup.Escape(row.Scenario), Numbers.Figure(row.First), Numbers.Figure(row.Second), Numbers.WithSign(row.Difference), Numbers.WithSign(row.Interval),
                row.OverSeeds is { } test ? Numbers.P(test) : "", row.SmallestDetectable is { } least ? Invariant($"{least:0.0000}") : "", Conclusions.Word(row.Verdict, "A ahead", "B ahead"));
        }
        console.Write(table);
        foreach (var row in comparison.Scenarios.Where(r => r.Undefined is not null))
        {
            console.WriteLine(row.Difference is null
                ? $"The AUC of '{row.Scenario}' is undefined ({row.Undefined}), so the mean leaves it out."
                : $"The difference in '{row.Scenario}' has no interval ({row.Undefined}).");
        }
        console.WriteLine(Sentence(comparison.Mean));
        console.WriteLine(Invariant($"Intervals: {comparison.Replicates:N0} draws of the {comparison.Users:N0} users, the same for both{AndSeeds(first.Seeds.Keys, second.Seeds.Keys)}."));
        console.WriteLine(comparison.Mean.OverSeeds is { } overSeeds
            ? $"Over seeds, the {(overSeeds.Paired ? "paired t-test" : "t-test (Welch, seeds differ)")} of the mean gives p = {Numbers.P(overSeeds)}"
                + (overSeeds.P < 0.05 ? "." : ": other seeds might say something else.")
            : "There is no t-test over seeds: it needs two or more of each run, and figures that differ.");
        PrintFigures(console, figures, details);
    }

    private static void PrintFigures(IAnsiConsole console, IReadOnlyList<FigureDifference> figures, bool details)
    {
        var allRows = figures[^1].Scenario;
        var table = EvaluationReport.NewTable(details ? "other figures" : $"other figures, {allRows}");
        table.AddColumn("");
        if (details)
            table.AddColumn("");
        EvaluationReport.AddColumns(table, ["A", "B", "B less A", "95 % interval"]);
        foreach (var row in figures.Where(f => details || f.Scenario == allRows))
        {
            table.AddRow([
                Named(row.Figure), .. (string[])(details ? [Markup.Escape(row.Scenario)] : []),
                Numbers.Figure(row.First), Numbers.Figure(row.Second), Numbers.WithSign(row.Difference), Numbers.WithSign(row.Interval),
            ]);
        }
        console.Write(table);
        console.WriteLine("Grouped AUC: higher is better. Log loss, normalised entropy, ECE: lower. Predicted / actual: nearer to 1."
            + (details ? "" : " By scenario: --details."));
    }

    /// <summary>What the intervals are over besides users, or are not.</summary>
    internal static string AndSeeds(IEnumerable<int> first, IEnumerable<int> second)
    {
        int[] a = [.. first.Order()], b = [.. second.Order()];
        return (a.Length, b.Length) switch
        {
            (1, 1) => "; they are about these models, of 1 seed each",
            (1, _) => Invariant($", and of the {b.Length} seeds of B; they are about the one model of A"),
            (_, 1) => Invariant($", and of the {a.Length} seeds of A; they are about the one model of B"),
            _ when a.SequenceEqual(b) => Invariant($", and of the {a.Length} seeds, in pairs"),
            _ => Invariant($", and of the {a.Length} seeds of A and the {b.Length} of B, apart"),
        };
    }

    private static string Named(Figure figure) => figure switch
    {
        Figure.GroupedAuc => "grouped AUC",
        Figure.LogLoss => "log loss",
        Figure.NormalizedEntropy => "norm. entropy",
        Figure.CalibrationError => "ECE",
        Figure.PredictedToActual => "pred. / actual",
        _ => throw new ArgumentOutOfRangeException(nameof(figure), figure, null),
    };

    /// <summary>The verdict in words.</summary>
    public static string Sentence(AucDifference mean) => Conclusions.Sentence(mean, "A", "B");

    private static string Named(ScoredRun run) =>
        $"{run.Model} ({run.Path}), {(run.Seeds.Count == 1 ? "seed" : "seeds")} {string.Join(", ", run.Seeds.Keys)}";
}
