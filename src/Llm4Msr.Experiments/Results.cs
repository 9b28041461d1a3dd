using System.Globalization;
using System.Text.Json.Serialization;
using Llm4Msr.Evaluation;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;

namespace Llm4Msr.Experiments;

/// <summary>What <c>controls</c> found, as its <c>controls.json</c> has it.</summary>
/// <param name="Verdict">Whether knowledge helps beyond capacity.</param>
public sealed record ControlsResult(KnowledgeGain Verdict, string Sentence, double SmallestGain, IReadOnlyList<ArmRun> Arms);

/// <param name="Run">Folder of the arm's chosen run.</param>
/// <param name="Trials">What was tried, the chosen one among it; null where it is not said.</param>
public sealed record ArmRun(string Arm, string Run, IReadOnlyList<Trial>? Trials = null)
{
    /// <summary>Those that its figures are about, whatever others the folder holds; null where an earlier program did not say.</summary>
    [JsonIgnore]
    public IReadOnlyList<int>? Seeds => Trials?.FirstOrDefault(trial => trial.Name == Path.GetFileName(Run))?.Seeds;
}

/// <param name="Name">That of its run folder.</param>
/// <param name="Seeds">Null where an earlier program did not say.</param>
public sealed record Trial(string Name, IReadOnlyList<int>? Seeds = null);

/// <summary>What <c>reproduce</c> found in runs: table2, figure3, figure4 or plm.</summary>
/// <param name="PaperSays">The paper's finding in words.</param>
/// <param name="Differs">What is not as in the paper, a sentence each.</param>
/// <param name="LeftOut">Arms that the budget left out.</param>
public sealed record ReproducedResult(string What, IReadOnlyList<ReproducedLine> Rows, string PaperSays, IReadOnlyList<string> Differs, IReadOnlyList<string> LeftOut);

/// <param name="Baseline">Name of the arm that it is compared with; null for none.</param>
/// <param name="Paper">The paper's gains; empty where it gives none.</param>
/// <param name="Seeds">Those that the figures are about, whatever others the folder holds; null where an earlier program did not say.</param>
public sealed record ReproducedLine(
    string Arm, string? Baseline, string Run, IReadOnlyList<ScenarioAuc> Auc, IReadOnlyList<bool> Stars, OverBaseline? OverBaseline, string Paper, IReadOnlyList<int>? Seeds = null);

/// <param name="Scenario">"mean" for the mean over scenarios.</param>
public sealed record ScenarioAuc(string Scenario, double? Auc);

public sealed record OverBaseline(AucDifference Mean);

/// <summary>What <c>reproduce table3</c> measured.</summary>
/// <param name="Rounds">Batches that the medians are over.</param>
/// <param name="Measured">When; null where an earlier program did not say.</param>
/// <param name="Machine">Where; null likewise.</param>
/// <param name="Cells">What was measured, by the names of its cells; null likewise.</param>
public sealed record TimesResult(
    int Batch, int Rounds, IReadOnlyList<TimedModel> Rows, DateTimeOffset? Measured = null, Machine? Machine = null, IReadOnlyList<string>? Cells = null)
{
    /// <summary>Where and when.</summary>
    [JsonIgnore]
    public string Place => Measured is { } time ? string.Create(CultureInfo.InvariantCulture, $"on {Machine?.Processor}, {time:yyyy-MM-dd HH:mm} UTC") : "it is not said where and when";
}

public sealed record TimedModel(string Model, MeasuredTime Training, MeasuredTime Inference, PaperTime PaperSeconds);

/// <param name="Milliseconds">Of processor time: the median over the rounds.</param>
/// <param name="Ratio">Median, round by round, of its time over the first model's.</param>
/// <param name="Low">First quartile of that ratio.</param>
/// <param name="High">Third quartile.</param>
public sealed record MeasuredTime(double Milliseconds, double Ratio, double Low, double High);

/// <param name="Training">Seconds per step.</param>
/// <param name="Inference">Seconds per batch.</param>
public sealed record PaperTime(double Training, double Inference);

/// <summary>What <c>value</c> found: gain against the hours of the language model.</summary>
/// <param name="Sentence">Where to stop: its verdict.</param>
public sealed record ValueResult(string Sentence, IReadOnlyList<PolicyResult> Policies);

/// <param name="Users">Who are asked about.</param>
/// <param name="Hours">Of the language model; null where they are not known.</param>
/// <param name="Gain">In mean scenario AUC over no knowledge; null for no knowledge itself.</param>
/// <param name="Run">Folder of the policy's chosen run; null where it is not said.</param>
/// <param name="Trials">What was tried, the chosen one among it; null where it is not said.</param>
public sealed record PolicyResult(
    string Policy, long Users, double? Hours, double? Auc, double? Gain, double? Low, double? High, string? Run = null, IReadOnlyList<Trial>? Trials = null);

/// <summary>A knowledge store, as <c>knowledge stats</c> describes it.</summary>
public sealed record StoredKnowledge(KnowledgeFingerprint Fingerprint, string InteractionsHash, long Records, string ContentHash, KnowledgeQuality Quality);

/// <summary>What <c>reason</c> took, of what it says with <c>--json</c>.</summary>
/// <param name="Asked">Prompts asked by that command; those that were stored before are not in its figures.</param>
/// <param name="AlreadyStored">Prompts stored before.</param>
public sealed record ReasoningCost(long Asked, long AlreadyStored, long PromptTokens, long NewTokens, double Seconds);
