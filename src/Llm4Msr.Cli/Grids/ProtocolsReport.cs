using Llm4Msr.Knowledge;
using Spectre.Console;

namespace Llm4Msr.Cli.Grids;

/// <summary>What <c>protocols</c> found: a row per protocol, and how much of a gain is leakage.</summary>
/// <param name="Arms">No knowledge first.</param>
/// <param name="Differences">In words, in what else the stores differ; null where in nothing.</param>
internal sealed record ProtocolsReport(IReadOnlyList<ArmResult> Arms, IReadOnlyList<ProtocolGain> Gains, string? Differences)
{
    public object Model(string output)
    {
        var (sentence, detail) = Leakage.Of(Gains);
        return new
        {
            output,
            sentence,
            detail,
            differences = Differences,
            protocols = Gains,
            arms = Arms.Select(arm => new { arm = arm.Arm.Name, auc = arm.TestAuc, trials = arm.Tried, run = arm.Best.Run }),
        };
    }

    public void WriteTable(string path) => CsvFile.Write(
        path, ["protocol", "auc", "real_less_none", "low", "high", "real_less_shuffled", "low", "high", "test_rows", "with_knowledge", "see_themselves", "see_their_future", "leakage", "low", "high", "prompts", "rederived"],
        Gains.Select(g => (IReadOnlyList<object?>)[
            g.Protocol.Spelling(), g.Auc, g.OverNone.Difference, g.OverNone.Interval?.Low, g.OverNone.Interval?.High, g.OverShuffled.Difference, g.OverShuffled.Interval?.Low,
            g.OverShuffled.Interval?.High, g.Rows, g.WithKnowledge, g.SeeThemselves, g.SeeTheirFuture, g.Leakage?.Difference, g.Leakage?.Interval?.Low, g.Leakage?.Interval?.High, g.Prompts, g.Rederived]));

    public void Print(IAnsiConsole console)
    {
        var table = EvaluationReport.NewTable("mean scenario AUC, test part, and what its rows could see");
        table.AddColumn("protocol");
        EvaluationReport.AddColumns(table, ["AUC", "gain over\nnone", "95 % interval", "gain over\nshuffled", "95 % interval", "rows with\nknowledge", "see\nthemselves", "see their\nfuture", "prompts\nproven", "leakage", "95 % interval"]);
        table.AddRow([.. ((string[])["no knowledge", Numbers.Figure(Arms[0].TestAuc), "", "", "", "", "", "", "", "", "", ""])]);
        foreach (var g in Gains)
        {
            table.AddRow([.. ((string[])[
                g.Protocol.Spelling(), Numbers.Figure(g.Auc), Numbers.WithSign(g.OverNone.Difference), Numbers.WithSign(g.OverNone.Interval), Numbers.WithSign(g.OverShuffled.Difference),
                Numbers.WithSign(g.OverShuffled.Interval), Numbers.Count(g.WithKnowledge), Numbers.Count(g.SeeThemselves), Numbers.Count(g.SeeTheirFuture),
                $"{Numbers.Count(g.Rederived)} of {Numbers.Count(g.Prompts)}", g.Leakage is null ? "" : Numbers.WithSign(g.Leakage.Difference), g.Leakage is null ? "" : Numbers.WithSign(g.Leakage.Interval),
            ]).Select(Markup.Escape)]);
        }
        console.Write(table);
        var (sentence, detail) = Leakage.Of(Gains);
        console.WriteLine(string.Join(' ', detail.Prepend(sentence)));
        if (Differences is not null)
            console.WriteLine(Differences);
        var (trials, rows, seeds) = (Arms[0].Trials.Count, Gains[0].Rows, Arms[0].Best.Seeds.Count);
        console.WriteLine(FormattableString.Invariant($"Every arm had {trials} {(trials == 1 ? "trial" : "trials")}; the test part has {rows:N0} rows. Intervals are over users{EvaluationReport.AndSeeds(seeds)}{EvaluationReport.OfOneSeed(seeds)}."));
        console.WriteLine("A prompt is proven where the data give it again, to the letter: then what stands in it is read, not believed. 'llm4msr audit leak' says more of each store.");
    }
}
