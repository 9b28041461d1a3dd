using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Llm4Msr.Data;
using Llm4Msr.Evaluation;
using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning.Audit;
using Llm4Msr.Training;

namespace Llm4Msr.Experiments;

/// <summary>How the training of one seed went.</summary>
/// <param name="Weights">SHA-256 of the weights kept.</param>
/// <param name="Shares">Alpha of the weights kept, by scenario; null for a model without meta layers.</param>
public sealed record SeedFigures(int Seed, Metrics Metrics, string Weights, IReadOnlyList<EpochSummary> Epochs, IReadOnlyList<FusionShares>? Shares);

/// <summary>All figures of one run.</summary>
/// <param name="Arm">Whose knowledge its users carry; null for a model that reads none.</param>
/// <param name="Intervals">As <c>evaluate --intervals</c> gives them.</param>
/// <param name="Baseline">Name of the run that it is compared with: of the same backbone without enhancement, trained alike if there is one, else the first; null for a baseline.</param>
/// <param name="OverBaseline">As <c>compare BASELINE RUN</c> gives it.</param>
/// <param name="Calibration">Of the rows of all seeds together.</param>
/// <param name="ByActivity">Gain over the baseline by the users' activity.</param>
/// <param name="TrainingSeconds">Of all seeds.</param>
/// <param name="KnowledgeContent">Of the store that it was trained with.</param>
/// <param name="Program">That began the run; null where an earlier one did not say.</param>
/// <param name="Config">For <c>train --config</c>; of seeds with a gap it trains those before the first.</param>
public sealed record RunFigures(
    string Name, string Run, BackboneKind Backbone, EnhancementKind Enhancement, KnowledgeArm? Arm, IReadOnlyList<SeedFigures> Seeds, MetricsIntervals Intervals,
    string? Baseline, Comparison? OverBaseline, IReadOnlyList<CalibrationBin> Calibration, IReadOnlyList<ActivityGroup> ByActivity, double TrainingSeconds,
    string? KnowledgeContent, string? Program, string? Processor, JsonNode? Config)
{
    private const double Significance = 0.05;

    public double? MeanAuc => Seeds.Average(s => s.Metrics.MeanAuc);

    /// <summary>Mean over the seeds.</summary>
    /// <param name="scenario">Index.</param>
    public double? AucOf(int scenario) => Seeds.Average(s => s.Metrics.Scenarios[scenario].Auc);

    /// <summary>The paper's star: ahead of the baseline with p below 0.05 in a t-test over seeds.</summary>
    public static bool HasStar(AucDifference? gain) => gain is { Difference: > 0, OverSeeds.P: < Significance };
}

/// <summary>Real knowledge less another run of its backbone.</summary>
public sealed record RealLess(string Other, AucDifference Mean);

/// <summary>Everything that a report says, in figures: what its JSON holds. No time stands in it: the same runs give the same bytes.</summary>
/// <param name="Verdict">In one sentence.</param>
/// <param name="VerdictDetail">What has to be said beside it, a sentence each.</param>
/// <param name="Real">Name of the run with real knowledge; null where there is none.</param>
/// <param name="RealLess">Empty where there is nothing to compare it with.</param>
public sealed record ReportFigures(
    string Format, string Program, string Command, string Verdict, IReadOnlyList<string> VerdictDetail, string? Real, IReadOnlyList<RealLess> RealLess, Part Part,
    IReadOnlyList<RunFigures> Runs, string DataFolder, DataDescription Data, StoredKnowledge? Knowledge, ReasoningCost? Reasoning, LeakReport? Audit, CaseStudy? Case,
    ControlsResult? Controls, IReadOnlyList<ReproducedResult> Reproduced, TimesResult? Times, ValueResult? Value, ProtocolsResult? Protocols, Machine Machine)
{
    public const string CurrentFormat = "llm4msr-report/1";

    [JsonIgnore]
    internal IReadOnlyList<string> Scenarios => [.. Data.Scenarios.Select(s => s.Name)];

    /// <param name="progress">Called with the number of runs that are done.</param>
    public static ReportFigures Of(ReportInputs inputs, EvaluationOptions options, Action<int>? progress = null, CancellationToken cancellation = default)
    {
        var runs = inputs.Runs;
        var activity = new int[inputs.Data.Encoder.Users.Count];
        foreach (var user in inputs.Data.Interactions.User)
            activity[user]++;
        var done = 0;
        var figures = runs.Select(run =>
        {
            var own = FiguresOf(run, BaselineOf(run, runs), activity, options, cancellation);
            progress?.Invoke(++done);
            return own;
        }).ToList();

        var (real, others) = ReportVerdict.Sides(runs);
        var differences = real is null ? [] : others.Select(other => new RealLess(other.Name, Comparison.Of(other.Seeds, real.Seeds, options, cancellation).Mean)).ToList();
        var verdict = ReportVerdict.Of(inputs, figures, real, differences);
        return new ReportFigures(
            CurrentFormat, ProgramVersion.Current, inputs.Command, verdict.Sentence, verdict.Detail, real?.Name, differences, inputs.Part, figures, inputs.DataFolder,
            inputs.Data.Description, inputs.Knowledge, inputs.Reasoning, inputs.Audit, inputs.Case, inputs.Controls, inputs.Reproduced, inputs.Times, inputs.Value, inputs.Protocols, Machine.Current);
    }

    private static ReportedRun? BaselineOf(ReportedRun run, IReadOnlyList<ReportedRun> runs)
    {
        var plain = runs.Where(r => r.Enhancement == EnhancementKind.None && r.Backbone == run.Backbone).ToList();
        var baseline = plain.Find(r => r.Setup.Options.Training == run.Setup.Options.Training) ?? plain.FirstOrDefault() ?? runs[0];
        return baseline == run ? null : baseline;
    }

    private static RunFigures FiguresOf(ReportedRun run, ReportedRun? baseline, int[] activity, EvaluationOptions options, CancellationToken cancellation)
    {
        List<SeedFigures> seeds = [.. run.Seeds.Select(seed => new SeedFigures(
            seed.Key, Metrics.Of(seed.Value, options), run.Folder.WeightsHash(seed.Key), TrainingRun.EpochsOf(run.Folder, seed.Key), SharesOf(run.Folder, seed.Key)))];
        return new RunFigures(
            run.Name, run.Folder.Path, run.Backbone, run.Enhancement, run.Arm, seeds, MetricsIntervals.Of([.. run.Seeds.Values], options, cancellation), baseline?.Name,
            baseline is null ? null : Comparison.Of(baseline.Seeds, run.Seeds, options, cancellation),
            Calibration.Curve([.. run.Seeds.Values.SelectMany(rows => rows.Logits)], [.. run.Seeds.Values.SelectMany(rows => rows.Clicked)]),
            baseline is null ? [] : ActivityGroup.Of(baseline.Seeds, run.Seeds, activity, options, cancellation),
            seeds.Sum(seed => seed.Epochs.Sum(epoch => epoch.Seconds)), run.Setup.KnowledgeContentHash, run.Setup.Program, run.Setup.Machine?.Processor, run.Config);
    }

    private static List<FusionShares>? SharesOf(ModelFolder folder, int seed)
    {
        using var model = folder.Load(seed);
        List<FusionShares> shares = [.. Enumerable.Range(0, folder.Encoder.Scenarios.Count).Select(model.SharesIn).OfType<FusionShares>()];
        return shares.Count == 0 ? null : shares;
    }
}
