using Llm4Msr.Evaluation;
using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;

namespace Llm4Msr.Experiments;

/// <summary>What a report says first: the verdict of <c>controls</c> or else of <c>value</c> where one was run, else what the runs at hand allow.</summary>
internal static class ReportVerdict
{
    private static readonly int s_metaLayers = new FusionOptions().Layers;

    /// <summary>What real knowledge has to be ahead of, of each, before it is said to help.</summary>
    private static readonly (string Name, Func<ReportedRun, bool> Is)[] s_deciding =
    [
        ("none", run => run.Enhancement == EnhancementKind.None),
        .. new[] { KnowledgeArm.Shuffled, KnowledgeArm.Constant, KnowledgeArm.Random }
            .Select(arm => (Numbers.Word(arm), (Func<ReportedRun, bool>)(run => run.Arm == arm))),
    ];

    /// <summary>
    /// The run with real knowledge that can be compared best, and the other runs of its backbone: of the past rather than of
    /// the whole period, fused rather than as a field, made like the most controls, whole rather than in part; else the first.
    /// </summary>
    public static (ReportedRun? Real, IReadOnlyList<ReportedRun> Others) Sides(IReadOnlyList<ReportedRun> runs)
    {
        var real = runs.Where(r => r.IsReal).OrderBy(r => r.SeesTheWholePeriod).ThenBy(r => r.Enhancement != EnhancementKind.Llm4msr)
            .ThenByDescending(r => ControlsOf(r, runs).Count(control => control.Run is not null))
            .ThenByDescending(r => r.ReadsBothLevels).ThenByDescending(r => r.MetaLayers == s_metaLayers).FirstOrDefault();
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

    /// <summary>Each deciding control as a run that is made like the one with real knowledge, and trained like it if there is such a one; null where there is none.</summary>
    private static IEnumerable<(string Name, ReportedRun? Run)> ControlsOf(ReportedRun real, IReadOnlyList<ReportedRun> runs) => s_deciding.Select(control => (
        control.Name, runs.Where(r => control.Is(r) && r.IsMadeLike(real)).OrderBy(r => r.Setup.Options.Training != real.Setup.Options.Training).FirstOrDefault()));

    /// <summary>By the rule of <c>controls</c>, which a yes needs all of them for: one that does as well is enough for a no.</summary>
    /// <returns>Null where no run is a control.</returns>
    private static (string Sentence, IReadOnlyList<string> Detail)? OfControls(IReadOnlyList<ReportedRun> runs, ReportedRun real, IReadOnlyList<RealLess> differences)
    {
        var controls = ControlsOf(real, runs).ToList();
        List<ControlDifference> given = [.. controls.Where(c => c.Run is not null).Select(c => new ControlDifference(c.Name, differences.Single(d => d.Other == c.Run!.Name).Mean))];
        if (given.Count == 0)
            return null;
        var missing = string.Join(", ", controls.Where(c => c.Run is null).Select(c => c.Name));
        var verdict = KnowledgeVerdict.Of(given);
        var sentence = verdict.Gain == KnowledgeGain.Yes && missing.Length > 0
            ? $"Real knowledge is ahead of {string.Join(", ", verdict.Deciding)}. Whether it helps beyond capacity is open: it was not compared with {missing}, which could do as well."
            : Conclusions.Sentence(verdict);
        return (sentence,
        [
            .. missing.Length == 0 ? [] : (string[])[$"Of {missing} there is no run made like {real.Name}: 'llm4msr controls DATA --knowledge KNOWLEDGE.db --out controls' trains every control, the same number of trials each."],
            .. runs.Count(r => r.IsReal) < 2 ? [] : (string[])[$"Real knowledge is that of {real.Name} here: several runs have some."],
        ]);
    }

    private static string OfPair(RunFigures run) => Conclusions.Sentence(run.OverBaseline!.Mean, run.Baseline!, run.Name);
}
