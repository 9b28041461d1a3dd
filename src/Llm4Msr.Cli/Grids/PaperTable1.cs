using Llm4Msr.Cli.Configuration;
using Llm4Msr.Data;
using Spectre.Console;

namespace Llm4Msr.Cli.Grids;

/// <summary>The counts of a data set below those of the paper's Table 1.</summary>
internal static class PaperTable1
{
    public static ReproducedPart Of(DataDescription data, string output)
    {
        var all = PaperNumbers.Scenarios.Concat(data.Scenarios.Zip(data.All.Scenarios, (scenario, counts) =>
            new PaperScenario(data.Source, scenario.Name, counts.Users, counts.Items, counts.Interactions, counts.Sparsity))).ToList();
        var model = new { output, paper = all.Take(PaperNumbers.Scenarios.Count), ours = all.Skip(PaperNumbers.Scenarios.Count), inAny = data.All };
        Directory.CreateDirectory(output);
        Config.WriteFile(Path.Combine(output, "table1.json"), model);
        CsvFile.Write(Path.Combine(output, "table1.csv"), ["data", "scenario", "users", "items", "interactions", "sparsity"],
            all.Select(s => (IReadOnlyList<object?>)[s.Data, s.Scenario, s.Users, s.Items, s.Interactions, s.Sparsity]));
        return new ReproducedPart(Reproduced.Table1, model, console =>
        {
            var table = EvaluationReport.NewTable("table1: the paper's data, and these");
            table.AddColumn("data");
            table.AddColumn("scenario");
            EvaluationReport.AddColumns(table, ["users", "items", "interactions", "sparsity"]);
            foreach (var s in all)
                table.AddRow([.. ((string[])[s.Data, s.Scenario, Numbers.Count(s.Users), Numbers.Count(s.Items), Numbers.Count(s.Interactions), Numbers.Figure(s.Sparsity)]).Select(Markup.Escape)]);
            console.Write(table);
            console.WriteLine("Sparsity: the share of interactions with label 0.");
        });
    }
}
