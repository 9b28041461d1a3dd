using Llm4Msr.Evaluation;
using Llm4Msr.Knowledge;

namespace Llm4Msr.Experiments;

/// <summary>What <c>controls</c> found, as its <c>controls.json</c> has it.</summary>
/// <param name="Verdict">Whether knowledge helps beyond capacity.</param>
public sealed record ControlsResult(KnowledgeGain Verdict, string Sentence, double SmallestGain, IReadOnlyList<ArmRun> Arms);

/// <param name="Run">Folder of the arm's chosen run.</param>
public sealed record ArmRun(string Arm, string Run);

/// <summary>What <c>reproduce</c> found in runs: table2, figure3, figure4 or plm.</summary>
/// <param name="PaperSays">The paper's finding in words.</param>
/// <param name="Differs">What is not as in the paper, a sentence each.</param>
/// <param name="LeftOut">Arms that the budget left out.</param>
public sealed record ReproducedResult(string What, IReadOnlyList<ReproducedLine> Rows, string PaperSays, IReadOnlyList<string> Differs, IReadOnlyList<string> LeftOut);

/// <param name="Baseline">Name of the arm that it is compared with; null for none.</param>
/// <param name="Paper">The paper's gains; empty where it gives none.</param>
public sealed record ReproducedLine(string Arm, string? Baseline, string Run, IReadOnlyList<ScenarioAuc> Auc, IReadOnlyList<bool> Stars, OverBaseline? OverBaseline, string Paper);

/// <param name="Scenario">"mean" for the mean over scenarios.</param>
public sealed record ScenarioAuc(string Scenario, double? Auc);

public sealed record OverBaseline(AucDifference Mean);

/// <summary>What <c>reproduce table3</c> measured.</summary>
public sealed record TimesResult(int Batch, IReadOnlyList<TimedModel> Rows);

public sealed record TimedModel(string Model, MeasuredTime Training, MeasuredTime Inference, PaperTime PaperSeconds);

/// <param name="Milliseconds">Of processor time.</param>
/// <param name="Ratio">Over the first model's.</param>
public sealed record MeasuredTime(double Milliseconds, double Ratio, double Low, double High);

/// <param name="Training">Seconds per step.</param>
/// <param name="Inference">Seconds per batch.</param>
public sealed record PaperTime(double Training, double Inference);

/// <summary>What <c>value</c> found: gain against the hours of the language model.</summary>
public sealed record ValueResult(IReadOnlyList<PolicyResult> Policies);

/// <param name="Users">Who are asked about.</param>
/// <param name="Hours">Of the language model; null where they are not known.</param>
/// <param name="Gain">In mean scenario AUC over no knowledge; null for no knowledge itself.</param>
/// <param name="Run">Folder of the policy's chosen run; null where it is not said.</param>
public sealed record PolicyResult(string Policy, long Users, double? Hours, double? Auc, double? Gain, double? Low, double? High, string? Run = null);

/// <summary>A knowledge store, as <c>knowledge stats</c> describes it.</summary>
public sealed record StoredKnowledge(KnowledgeFingerprint Fingerprint, string InteractionsHash, long Records, string ContentHash, KnowledgeQuality Quality);

/// <summary>What <c>reason</c> took, of what it says with <c>--json</c>.</summary>
/// <param name="Asked">Prompts asked by that command; those that were stored before are not in its figures.</param>
/// <param name="AlreadyStored">Prompts stored before.</param>
public sealed record ReasoningCost(long Asked, long AlreadyStored, long PromptTokens, long NewTokens, double Seconds);
