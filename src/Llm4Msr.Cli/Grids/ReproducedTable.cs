using Llm4Msr.Evaluation;
using Spectre.Console;
using static System.FormattableString;

namespace Llm4Msr.Cli.Grids;

/// <param name="OverBaseline">The arm less its baseline on the same rows; null for a baseline, or where the budget left the baseline out.</param>
internal sealed record ReproducedRow(ReproducedArm Planned, ArmResult Result, Comparison? OverBaseline)
{
    /// <summary>Mean over the seeds, by scenario and then over the scenarios.</summary>
    public IReadOnlyList<double?> Auc =>
    [
        .. Result.Best.Seeds[0].Test.Scenarios.Select((_, s) => Result.Best.Seeds.Average(seed => seed.Test.Scenarios[s].Auc)), Result.TestAuc,
    ];

    /// <summary>By scenario and then of the mean.</summary>
    public IReadOnlyList<bool> Stars => OverBaseline is null
        ? [.. Auc.Select(_ => false)]
        : [.. OverBaseline.Scenarios.Append(OverBaseline.Mean).Select(RunFigures.HasStar)];
}

/// <summary>Our numbers of a table or figure beside what the paper says, and what differs.</summary>
/// <param name="Differs">What is not as in the paper, a sentence each.</param>
/// <param name="LeftOut">Arms that the budget left without all their trials.</param>
internal sealed record ReproducedTable(
    Reproduced What, IReadOnlyList<string> Scenarios, IReadOnlyList<ReproducedRow> Rows, string PaperSays, IReadOnlyList<string> Differs, IReadOnlyList<string> LeftOut)
{
    public object Model(string output) => new
    {
        output,
        what = What,
        rows = Rows.Select(row => new
        {
            arm = row.Planned.Arm.Name,
            row.Planned.Baseline,
            trials = row.Result.Trials.Count,
            settings = row.Result.Best.Cell.Settings,
            run = row.Result.Best.Run,
            seeds = row.Result.Best.Cell.Config.AllSeeds,
            auc = Columns.Zip(row.Auc, (scenario, auc) => new { scenario, auc }),
            stars = row.Stars,
            overBaseline = row.OverBaseline is { } over ? new { over.Scenarios, over.Mean } : null,
            row.Planned.Paper,
        }),
        PaperSays,
        Differs,
        LeftOut,
    };

    public void Write(string path) => CsvFile.Write(
        path, ["arm", "baseline", "trials", .. Columns.Select(c => "auc " + c), "gain", "low", "high", "smallest_detectable", "p_over_seeds", "run"],
        Rows.Select(row => (IReadOnlyList<object?>)[
            row.Planned.Arm.Name, row.Planned.Baseline, row.Result.Trials.Count, .. row.Auc.Cast<object?>(), row.OverBaseline?.Mean.Difference,
            row.OverBaseline?.Mean.Interval?.Low, row.OverBaseline?.Mean.Interval?.High, row.OverBaseline?.Mean.SmallestDetectable,
            row.OverBaseline?.Mean.OverSeeds?.P, row.Result.Best.Run]));

    public void Print(IAnsiConsole console)
    {
        var paper = Rows.Any(r => r.Planned.Paper.Length > 0);
        var table = EvaluationReport.NewTable($"{Spelling.Of(What)}: AUC, test part");
        table.AddColumn("");
        EvaluationReport.AddColumns(table, [.. Columns, "gain", "95 % interval", "would be\ndetected", .. (string[])(paper ? ["paper's gains"] : [])]);
        foreach (var row in Rows)
        {
            var gain = row.OverBaseline?.Mean;
            table.AddRow([.. ((string[])[
                row.Planned.Arm.Name, .. row.Auc.Zip(row.Stars, (auc, star) => Numbers.Figure(auc) + (star ? "★" : "")),
                gain is null ? "" : Numbers.WithSign(gain.Difference), gain is null ? "" : Numbers.WithSign(gain.Interval),
                gain?.SmallestDetectable is { } least ? Invariant($"{least:0.0000}") : "", .. (string[])(paper ? [row.Planned.Paper] : []),
            ]).Select(Markup.Escape)]);
        }
        console.Write(table);
        if (Rows.Count > 0)
        {
            var seeds = Rows[0].Result.Best.Seeds.Count;
            console.WriteLine(Invariant($"Each figure: the mean of {seeds} {(seeds == 1 ? "seed" : "seeds")}, the trial chosen by the validation part among {Rows[0].Result.Trials.Count} in every arm.")
                + (Rows.Any(r => r.OverBaseline is not null) ? $" Gains are over {string.Join(", ", Rows.Select(r => r.Planned.Baseline).OfType<string>().Distinct())}; their intervals are over users{EvaluationReport.AndSeeds(seeds)}{EvaluationReport.OfOneSeed(seeds)}." : "")
                + (seeds == 1 ? " There are no stars: a t-test needs two seeds or more." : " ★: p < 0.05 in a t-test over seeds."));
        }
        console.WriteLine(PaperSays);
        foreach (var difference in Differs)
            console.WriteLine($"Differs from the paper: {difference}");
        if (LeftOut.Count > 0)
            console.WriteLine($"Left out by the budget: {string.Join(", ", LeftOut)}. Run the same command again to go on.");
    }

    private IEnumerable<string> Columns => Scenarios.Append("mean");
}
