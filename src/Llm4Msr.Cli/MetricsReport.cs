using System.Globalization;
using Llm4Msr.Evaluation;
using Spectre.Console;

namespace Llm4Msr.Cli;

/// <summary>AUC per scenario, a row per seed, then mean and standard deviation.</summary>
internal static class MetricsReport
{
    public static void Print(Terminal terminal, string title, IEnumerable<(int Seed, Metrics Metrics)> seeds, object model, string next)
    {
        var all = seeds.ToList();
        terminal.Result(model, console =>
        {
            console.Write(TableOf(title, all));
            foreach (var (seed, metrics) in all)
            {
                foreach (var scenario in metrics.Scenarios.Where(s => s.Auc is null))
                    console.WriteLine($"Seed {seed}: the AUC of '{scenario.Scenario}' is undefined ({scenario.Undefined}), so the mean leaves it out.");
            }
            console.WriteLine(next);
        });
    }

    public static Table TableOf(string title, List<(int Seed, Metrics Metrics)> seeds)
    {
        var table = EvaluationReport.NewTable($"AUC, {title}");
        table.AddColumn("seed");
        EvaluationReport.AddColumns(table, [.. seeds[0].Metrics.Scenarios.Select(s => s.Scenario), "mean", "log loss"]);
        foreach (var (seed, metrics) in seeds)
            table.AddRow([seed.ToString(CultureInfo.InvariantCulture), .. Values(metrics).Select(v => Numbers.Figure(v))]);
        if (seeds.Count > 1)
        {
            var columns = Enumerable.Range(0, seeds[0].Metrics.Scenarios.Count + 2)
                .Select(column => seeds.Select(s => Values(s.Metrics)[column]).OfType<double>().ToList()).ToList();
            table.AddRow(["mean", .. columns.Select(c => Numbers.Figure(c.Count == 0 ? null : c.Average()))]);
            table.AddRow(["deviation", .. columns.Select(c => Numbers.Figure(SeedSample.Deviation(c)))]);
        }
        return table;
    }

    private static List<double?> Values(Metrics metrics) => [.. metrics.Scenarios.Select(s => s.Auc), metrics.MeanAuc, metrics.Overall.LogLoss];
}
