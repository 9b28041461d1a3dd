using System.Globalization;
using Llm4Msr.Evaluation;
using Spectre.Console;

namespace Llm4Msr.Cli;

/// <summary>What a run reaches in a scenario of generated data, beside what the planted probabilities reach on the same rows.</summary>
/// <param name="Scenario">Null for all rows together.</param>
/// <param name="Best">AUC of the planted probabilities; null where the rows are of one class.</param>
/// <param name="Reached">Mean AUC of the run's seeds.</param>
/// <param name="Share">Reached less a half, over best less a half.</param>
internal sealed record JudgedScenario(string? Scenario, double? Best, double? Reached, double? Share)
{
    /// <param name="planted">Planted probability of each scored row.</param>
    public static IReadOnlyList<JudgedScenario> Of(ScoredRun run, float[] planted)
    {
        var names = run.Seeds.Values.First().Scenarios;
        return [.. names.Select((name, k) => Of(name, scenario => scenario == k)), Of(null, _ => true)];

        JudgedScenario Of(string? name, Func<int, bool> counted)
        {
            var best = AucOf(run.Seeds.Values.First(), planted, counted);
            var reached = run.Seeds.Values.Average(rows => AucOf(rows, rows.Logits, counted));
            return new JudgedScenario(name, best, reached, (reached - 0.5) / (best - 0.5));
        }
    }

    public static void Print(IAnsiConsole console, string title, IReadOnlyList<JudgedScenario> scenarios)
    {
        var table = new Table { Border = TableBorder.Simple, Title = new TableTitle($"AUC, {Markup.Escape(title)}") };
        table.AddColumn("scenario");
        foreach (var column in new[] { "best", "reached", "of what is above chance" })
            table.AddColumn(new TableColumn(column).RightAligned());
        foreach (var scenario in scenarios)
            table.AddRow(new Text(scenario.Scenario ?? "together"), Cell(scenario.Best, "0.0000"), Cell(scenario.Reached, "0.0000"), Cell(scenario.Share, "0 %"));
        console.Write(table);

        static Text Cell(double? value, string format) => new(value?.ToString(format, CultureInfo.InvariantCulture) ?? "undefined");
    }

    private static double? AucOf(ScoredRows rows, float[] scores, Func<int, bool> counted)
    {
        int[] own = [.. Enumerable.Range(0, scores.Length).Where(row => counted(rows.Scenario[row]))];
        return Auc.Of(Array.ConvertAll(own, row => scores[row]), Array.ConvertAll(own, row => rows.Clicked[row]));
    }
}
