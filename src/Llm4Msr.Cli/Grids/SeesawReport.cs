using Llm4Msr.Evaluation;
using Spectre.Console;

namespace Llm4Msr.Cli.Grids;

/// <summary>A model of all scenarios on the test rows of one.</summary>
/// <param name="OverAlone">The model less that of the scenario alone.</param>
/// <param name="OverShared">The model less Shared Bottom; null for Shared Bottom itself.</param>
internal sealed record SeesawRow(Arm Model, string Scenario, AucDifference OverAlone, AucDifference? OverShared);

/// <summary>What <c>seesaw</c> found: which scenario pays for the others.</summary>
internal sealed record SeesawReport(IReadOnlyList<SeesawRow> Rows, IReadOnlyList<ArmResult> Arms)
{
    private IEnumerable<IGrouping<Arm, SeesawRow>> Models => Rows.GroupBy(r => r.Model);

    public object Model(string output) => new
    {
        output,
        models = Models.Select(model => new
        {
            model = model.Key.Name,
            sentence = Sentence(model.Key.Name, model),
            lost = Lost(model),
            gained = Gained(model),
            run = Arms.Single(a => a.Arm == model.Key).Best.Run,
            scenarios = model.Select(row => new
            {
                row.Scenario,
                alone = row.OverAlone.First,
                auc = row.OverAlone.Second,
                overAlone = row.OverAlone,
                overSharedBottom = row.OverShared,
            }),
        }),
        trials = Arms.Select(arm => new { arm = arm.Arm.Name, run = arm.Best.Run, trials = arm.Tried }),
    };

    public void WriteTable(string path) => CsvFile.Write(
        path, ["model", "scenario", "alone", "auc", "over_alone", "low", "high", "over_shared_bottom", "low", "high"],
        Rows.Select(row => (IReadOnlyList<object?>)[
            row.Model.Name, row.Scenario, row.OverAlone.First, row.OverAlone.Second, row.OverAlone.Difference, row.OverAlone.Interval?.Low, row.OverAlone.Interval?.High,
            row.OverShared?.Difference, row.OverShared?.Interval?.Low, row.OverShared?.Interval?.High]));

    public void Print(IAnsiConsole console)
    {
        var table = EvaluationReport.NewTable("AUC of each scenario, test part");
        table.AddColumn("model");
        table.AddColumn("scenario");
        EvaluationReport.AddColumns(table, ["trained\nalone", "with the\nothers", "difference", "95 % interval", "", "over\nshared-bottom", "95 % interval"]);
        foreach (var row in Rows)
        {
            table.AddRow([.. ((string[])[
                row.Model.Name, row.Scenario, Numbers.Figure(row.OverAlone.First), Numbers.Figure(row.OverAlone.Second), Numbers.WithSign(row.OverAlone.Difference),
                Numbers.WithSign(row.OverAlone.Interval), Word(row.OverAlone), row.OverShared is { } over ? Numbers.WithSign(over.Difference) : "",
                row.OverShared is { } shared ? Numbers.WithSign(shared.Interval) : "",
            ]).Select(Markup.Escape)]);
        }
        console.Write(table);
        foreach (var row in Rows.Where(r => r.OverAlone.Undefined is not null).DistinctBy(r => r.Scenario))
            console.WriteLine($"Nothing can be said of '{row.Scenario}': {row.OverAlone.Undefined}.");
        foreach (var model in Models)
            console.WriteLine(Sentence(model.Key.Name, model));
        console.WriteLine("Trained alone: a plain network of the same widths, on the rows of the scenario and no others. "
            + EvaluationReport.OfAScenario(Arms[0].Best.Seeds.Count));
    }

    internal static string Sentence(string model, IEnumerable<SeesawRow> rows)
    {
        var (lost, gained) = (Lost(rows), Gained(rows));
        return (lost.Count, gained.Count) switch
        {
            ( > 0, > 0) => $"{model}: a seesaw. Trained with the others, {Listed(lost)} {(lost.Count == 1 ? "loses" : "lose")} and {Listed(gained)} {(gained.Count == 1 ? "gains" : "gain")}.",
            ( > 0, 0) => $"{model}: {Listed(lost)} {(lost.Count == 1 ? "loses" : "lose")} by being trained with the others, and no scenario is shown to gain.",
            (0, > 0) => $"{model}: {Listed(gained)} {(gained.Count == 1 ? "gains" : "gain")} by being trained with the others, and no scenario is shown to lose.",
            _ => $"{model}: no scenario is shown to lose or to gain by being trained with the others.",
        };
    }

    private static IReadOnlyList<string> Lost(IEnumerable<SeesawRow> rows) => [.. rows.Where(r => r.OverAlone.Verdict == Verdict.FirstAhead).Select(r => r.Scenario)];

    private static IReadOnlyList<string> Gained(IEnumerable<SeesawRow> rows) => [.. rows.Where(r => r.OverAlone.Verdict == Verdict.SecondAhead).Select(r => r.Scenario)];

    private static string Listed(IReadOnlyList<string> scenarios) => string.Join(", ", scenarios.Select(s => $"'{s}'"));

    private static string Word(AucDifference difference) => difference.Verdict switch
    {
        Verdict.FirstAhead => "loses",
        Verdict.SecondAhead => "gains",
        Verdict.NotShown => "not shown",
        _ => "undefined",
    };
}
