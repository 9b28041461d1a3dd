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

    private static Table TableOf(string title, List<(int Seed, Metrics Metrics)> seeds)
    {
        var table = new Table { Border = TableBorder.Simple, Title = new TableTitle(Markup.Escape($"AUC, {title}")) };
        table.AddColumn("seed");
        foreach (var scenario in seeds[0].Metrics.Scenarios)
            table.AddColumn(new TableColumn(Markup.Escape(scenario.Scenario)).RightAligned());
        table.AddColumn(new TableColumn("mean").RightAligned());
        table.AddColumn(new TableColumn("log loss").RightAligned());
        foreach (var (seed, metrics) in seeds)
            table.AddRow([seed.ToString(CultureInfo.InvariantCulture), .. Values(metrics).Select(Text)]);
        if (seeds.Count > 1)
        {
            var columns = Enumerable.Range(0, seeds[0].Metrics.Scenarios.Count + 2)
                .Select(column => seeds.Select(s => Values(s.Metrics)[column]).OfType<double>().ToList()).ToList();
            table.AddRow(["mean", .. columns.Select(c => Text(c.Count == 0 ? null : c.Average()))]);
            table.AddRow(["deviation", .. columns.Select(c => Text(Deviation(c)))]);
        }
        return table;
    }

    private static List<double?> Values(Metrics metrics)
    {
        var rows = metrics.Scenarios.Sum(s => s.Rows);
        return [.. metrics.Scenarios.Select(s => s.Auc), metrics.MeanAuc, metrics.Scenarios.Sum(s => (s.LogLoss ?? 0) * s.Rows) / rows];
    }

    /// <summary>Of the sample, so that few seeds are not flattered.</summary>
    private static double? Deviation(List<double> values) => values.Count < 2
        ? null
        : Math.Sqrt(values.Sum(v => (v - values.Average()) * (v - values.Average())) / (values.Count - 1));

    private static string Text(double? value) => value?.ToString("0.0000", CultureInfo.InvariantCulture) ?? "undefined";
}
