using Llm4Msr.Evaluation;

namespace Llm4Msr.Training;

/// <param name="Epoch">From 1.</param>
/// <param name="Loss">Mean training loss of the epoch, in nats.</param>
/// <param name="Validation">After the epoch.</param>
/// <param name="IsBest">Whether no epoch before had a higher mean scenario AUC.</param>
/// <param name="Seconds">Of the epoch, validation included.</param>
public sealed record EpochResult(int Epoch, double Loss, Metrics Validation, bool IsBest, double Seconds);
