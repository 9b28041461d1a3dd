using System.Text.Json.Serialization;
using Llm4Msr.Evaluation;
using Llm4Msr.Models.Enhancements;

namespace Llm4Msr.Training;

/// <param name="Epoch">From 1.</param>
/// <param name="Loss">Mean training loss of the epoch, in nats.</param>
/// <param name="Validation">After the epoch.</param>
/// <param name="IsBest">Whether no epoch before was better by the monitor.</param>
/// <param name="Seconds">Of the epoch, validation included.</param>
/// <param name="Weights">SHA-256 of the weights after the epoch, as a weights file of them would have it.</param>
/// <param name="Shares">Alpha after the epoch, by scenario; null for a model without meta layers.</param>
public sealed record EpochResult(
    int Epoch, double Loss, Metrics Validation, bool IsBest, double Seconds, string Weights,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<FusionShares>? Shares = null);
