using Llm4Msr.Knowledge;
using Spectre.Console;

namespace Llm4Msr.Cli.Grids;

/// <summary>What <c>protocols</c> found: a row per protocol, and how much of a gain is leakage.</summary>
/// <param name="Differences">In words, in what else the stores differ; null where in nothing.</param>
internal sealed record ProtocolsReport(ArmResult None, IReadOnlyList<ProtocolGain> Gains, IReadOnlyList<ArmResult> Arms, string? Differences)
{
    private string Sentence => Leakage.Sentence(Gains);

    public object Model(string output) => new
    {
        output,
        sentence = Sentence,
        none = new { auc = None.TestAuc, run = None.Best.Run },
        protocols = Gains,
        differences = Differences,
        arms = Arms.Select(arm => new { arm = arm.Arm.Name, trials = arm.Tried, run = arm.Best.Run }),
    };

    public void WriteTable(string path) => CsvFile.Write(
        path, ["protocol", "auc", "real_less_none", "low", "high", "real_less_shuffled", "low", "high", "test_rows", "with_knowledge", "see_themselves", "see_their_future", "leakage", "low", "high", "run"],
        Gains.Select(g => (IReadOnlyList<object?>)[
            g.Protocol.Spelling(), g.Auc, g.OverNone.Difference, g.OverNone.Interval?.Low, g.OverNone.Interval?.High, g.OverShuffled.Difference, g.OverShuffled.Interval?.Low,
            g.OverShuffled.Interval?.High, g.Rows, g.WithKnowledge, g.SeeThemselves, g.SeeTheirFuture, g.Leakage?.Difference, g.Leakage?.Interval?.Low, g.Leakage?.Interval?.High, g.Run]));

    public void Print(IAnsiConsole console)
    {
        var table = EvaluationReport.NewTable("mean scenario AUC, test part, and what its rows could see");
        table.AddColumn("protocol");
        EvaluationReport.AddColumns(table, ["AUC", "gain over\nnone", "95 % interval", "gain over\nshuffled", "95 % interval", "rows with\nknowledge", "see\nthemselves", "see their\nfuture", "leakage"]);
        table.AddRow([.. ((string[])["no knowledge", Numbers.Figure(None.TestAuc), "", "", "", "", "", "", "", ""])]);
        foreach (var g in Gains)
        {
            table.AddRow([.. ((string[])[
                g.Protocol.Spelling(), Numbers.Figure(g.Auc), Numbers.WithSign(g.OverNone.Difference), Numbers.WithSign(g.OverNone.Interval), Numbers.WithSign(g.OverShuffled.Difference),
                Numbers.WithSign(g.OverShuffled.Interval), Numbers.Count(g.WithKnowledge), Numbers.Count(g.SeeThemselves), Numbers.Count(g.SeeTheirFuture),
                g.Leakage is null ? "" : Numbers.WithSign(g.Leakage.Difference),
            ]).Select(Markup.Escape)]);
        }
        console.Write(table);
        console.WriteLine(Sentence);
        if (Differences is not null)
            console.WriteLine(Differences);
        var trials = None.Trials.Count;
        console.WriteLine(FormattableString.Invariant($"Every arm had {trials} {(trials == 1 ? "trial" : "trials")}. Intervals are over users; {EvaluationReport.OfSeeds(None.Best.Seeds.Count)}. What prompts hold is read out of the prompts, not believed."));
    }
}
