using Llm4Msr.Models.Enhancements;

namespace Llm4Msr.Training;

/// <summary>What a learning curve shows of an epoch: the part of its log that every version of the program wrote.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="Loss">Mean training loss of the epoch, in nats.</param>
/// <param name="Validation">After the epoch.</param>
/// <param name="Seconds">Of the epoch, validation included.</param>
/// <param name="Shares">Alpha after the epoch, by scenario; null for a model without meta layers, and in logs of an earlier program.</param>
public sealed record EpochSummary(int Epoch, double Loss, ValidationSummary Validation, bool IsBest, double Seconds, IReadOnlyList<FusionShares>? Shares);

/// <param name="MeanAuc">Over the scenarios; null where no scenario has one.</param>
public sealed record ValidationSummary(double? MeanAuc);
