using Llm4Msr.Evaluation;
using Spectre.Console;
using static System.FormattableString;

namespace Llm4Msr.Cli.Grids;

/// <summary>What <c>controls</c> found: a row per arm, and the verdict in a sentence.</summary>
/// <param name="Others">Real knowledge less each other arm, by the arm's name.</param>
internal sealed record ControlsReport(IReadOnlyList<ArmResult> Arms, IReadOnlyDictionary<string, Comparison> Others, KnowledgeVerdict Verdict)
{
    public object Model(string output) => new
    {
        output,
        verdict = Verdict.Gain,
        because = Verdict.Deciding,
        smallestGain = Verdict.SmallestGain,
        sentence = Sentence(),
        arms = Arms.Select(arm => new
        {
            arm = arm.Arm.Name,
            trials = arm.Tried,
            chosen = arm.Best.Cell.Name,
            run = arm.Best.Run,
            test = arm.Best.Seeds.Select(s => s.Test),
            realLess = Of(arm) is { } other ? new { other.Scenarios, other.Mean } : null,
        }),
        users = Others.Values.First().Users,
        replicates = Others.Values.First().Replicates,
    };

    public void WriteTable(string path) => CsvFile.Write(
        path, ["arm", "trials", "settings", "validation", "test_auc", "real_less_arm", "low", "high", "smallest_detectable", "p_over_seeds", "run"],
        Arms.Select(arm => (IReadOnlyList<object?>)[
            arm.Arm.Name, arm.Trials.Count, Cell.Spelled(arm.Best.Cell.Settings), arm.Best.Shown, arm.TestAuc, Of(arm)?.Mean.Difference, Of(arm)?.Mean.Interval?.Low,
            Of(arm)?.Mean.Interval?.High, Of(arm)?.Mean.SmallestDetectable, Of(arm)?.Mean.OverSeeds?.P, arm.Best.Run]));

    public void Print(IAnsiConsole console)
    {
        var table = EvaluationReport.NewTable("mean scenario AUC, test part");
        table.AddColumn("arm");
        var chosen = Arms.Any(arm => arm.Best.Cell.Settings.Count > 0);
        EvaluationReport.AddColumns(table, [.. (string[])(chosen ? ["chosen settings"] : []), "validation", "AUC", "real\nless arm", "95 % interval", "would be\ndetected", "t-test\np", ""]);
        foreach (var arm in Arms)
        {
            var mean = Of(arm)?.Mean;
            table.AddRow([.. ((string[])[
                arm.Arm.Name, .. (string[])(chosen ? [Cell.Spelled(arm.Best.Cell.Settings)] : []), Numbers.Figure(arm.Best.Shown),
                Numbers.Figure(arm.TestAuc), mean is null ? "" : Numbers.WithSign(mean.Difference), mean is null ? "" : Numbers.WithSign(mean.Interval),
                mean?.SmallestDetectable is { } least ? Invariant($"{least:0.0000}") : "", mean?.OverSeeds is { } test ? Numbers.P(test) : "", Word(mean),
            ]).Select(Markup.Escape)]);
        }
        console.Write(table);
        console.WriteLine(Sentence());
        console.WriteLine(Invariant($"The rule: yes, where real is ahead of {string.Join(", ", ControlArms.Deciding)} by every interval; no, where it is behind one of them, or its interval holds zero and ends below {Verdict.SmallestGain:0.0000}; else not shown."));
        var (trials, seeds) = (Arms[0].Trials.Count, Arms[0].Best.Seeds.Count);
        console.WriteLine(Invariant($"Every arm had {trials} {(trials == 1 ? "trial" : "trials")}, and the validation part alone chose among them. Intervals: {Others.Values.First().Replicates:N0} draws of the {Others.Values.First().Users:N0} users{EvaluationReport.AndSeeds(seeds)}{EvaluationReport.OfOneSeed(seeds)}."));
    }

    private string Sentence() => Conclusions.Sentence(Verdict);

    private Comparison? Of(ArmResult arm) => Others.GetValueOrDefault(arm.Arm.Name);

    private static string Word(AucDifference? mean) => mean is null ? "" : Conclusions.Word(mean.Verdict, "real behind", "real ahead");
}
