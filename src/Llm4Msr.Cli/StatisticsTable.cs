using System.Globalization;
using Llm4Msr.Data;
using Spectre.Console;

namespace Llm4Msr.Cli;

/// <summary>The paper's Table 1.</summary>
internal static class StatisticsTable
{
    public static Table Of(DataDescription data)
    {
        var all = data.All;
        var table = new Table { Border = TableBorder.Simple };
        table.AddColumn("scenario");
        foreach (var column in new[] { "users", "items", "interactions", "sparsity" })
            table.AddColumn(new TableColumn(column).RightAligned());
        foreach (var (scenario, counts) in data.Scenarios.Zip(all.Scenarios))
            table.AddRow(new Text(scenario.Name), Number(counts.Users), Number(counts.Items), Number(counts.Interactions), new Text(counts.Sparsity.ToString("0.0000", CultureInfo.InvariantCulture)));
        table.AddRow(new Text("in any"), Number(all.Users), Number(all.Items), Number(all.Interactions), new Text(""));
        table.AddRow(new Text("in all (overlap)"), Number(all.OverlappingUsers), Number(all.OverlappingItems), new Text(""), new Text(""));
        return table;
    }

    private static Text Number(int count) => new(count.ToString("N0", CultureInfo.InvariantCulture));
}
