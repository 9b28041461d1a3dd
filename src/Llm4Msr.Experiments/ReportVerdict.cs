using Llm4Msr.Evaluation;
using Llm4Msr.Models;

namespace Llm4Msr.Experiments;

/// <summary>What a report says first: the verdict of <c>controls</c> or else of <c>value</c> where one was run, else what the runs at hand allow.</summary>
internal static class ReportVerdict
{
    /// <summary>What real knowledge has to be ahead of, before it is said to help.</summary>
    private static readonly (string Name, Func<ReportedRun, bool> Is)[] s_deciding =
    [
        ("none", run => run.Enhancement == EnhancementKind.None),
        .. new[] { KnowledgeArm.Shuffled, KnowledgeArm.Constant, KnowledgeArm.Random }
            .Select(arm => (Numbers.Word(arm), (Func<ReportedRun, bool>)(run => run.Arm == arm && run.Enhancement == EnhancementKind.Llm4msr))),
    ];

    /// <summary>The first run with real knowledge, of the past rather than of the whole period and fused rather than as a field, and the other runs of its backbone.</summary>
    public static (ReportedRun? Real, IReadOnlyList<ReportedRun> Others) Sides(IReadOnlyList<ReportedRun> runs)
    {
        var real = runs.Where(r => r.IsReal).OrderBy(r => r.SeesTheWholePeriod).ThenBy(r => r.Enhancement != EnhancementKind.Llm4msr).FirstOrDefault();
        return (real, real is null ? [] : [.. runs.Where(r => r != real && r.Backbone == real.Backbone)]);
    }

    public static (string Sentence, IReadOnlyList<string> Detail) Of(
        ReportInputs inputs, IReadOnlyList<RunFigures> runs, ReportedRun? real, IReadOnlyList<RealLess> differences)
    {
        var seeds = runs.Min(r => r.Seeds.Count);
        string[] cautions =
        [
            .. seeds > 1 ? [] : (string[])["These models have one seed: that other seeds would say the same is not shown ('--seeds 5' trains more)."],
            .. inputs.Runs.Where(r => r.SeesTheWholePeriod).Take(1).Select(r => $"{r.Name} reads knowledge of the whole period, its own test rows included: what it is ahead by may be leakage."),
        ];
        List<string> found = [.. new[] { inputs.Controls?.Sentence, inputs.Value?.Sentence, inputs.Protocols?.Sentence }.OfType<string>(), .. inputs.Protocols?.Detail ?? []];
        if (found.Count > 0)
            return (found[0], [.. found.Skip(1), .. cautions]);
        if (real is not null && OfControls(inputs.Runs, real, differences) is { } verdict)
            return (verdict.Sentence, [.. verdict.Detail, .. cautions]);
        var compared = runs.Where(r => r.OverBaseline is not null).ToList();
        return compared.Count == 0
            ? (FormattableString.Invariant($"{runs[0].Name} reaches a mean scenario AUC of {Numbers.Figure(runs[0].MeanAuc)} (95 % interval {Numbers.Text(runs[0].Intervals.MeanAuc)})."),
                ["There is no other run to compare it with: name more runs of the same data.", .. cautions])
            : (OfPair(compared.MaxBy(r => r.OverBaseline!.Mean.Difference ?? double.NegativeInfinity)!), cautions);
    }

    /// <returns>Null where no run is a control.</returns>
    private static (string Sentence, IReadOnlyList<string> Detail)? OfControls(IReadOnlyList<ReportedRun> runs, ReportedRun real, IReadOnlyList<RealLess> differences)
    {
        List<ControlDifference> given = [];
        List<string> missing = [];
        foreach (var (name, isControl) in s_deciding)
        {
            var control = runs.FirstOrDefault(r => r.Backbone == real.Backbone && isControl(r));
            if (control is null)
                missing.Add(name);
            else
                given.Add(new ControlDifference(name, differences.Single(d => d.Other == control.Name).Mean));
        }
        if (given.Count == 0)
            return null;
        return (Conclusions.Sentence(KnowledgeVerdict.Of(given)), missing.Count == 0 ? [] :
            [$"Not compared with {string.Join(", ", missing)}: 'llm4msr controls' trains every control, the same number of trials each."]);
    }

    private static string OfPair(RunFigures run) => Conclusions.Sentence(run.OverBaseline!.Mean, run.Baseline!, run.Name);
}
