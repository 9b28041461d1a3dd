using Llm4Msr.Evaluation;
using Llm4Msr.Platform;

namespace Llm4Msr.Training;

/// <summary>What is watched on the validation part to choose the epoch.</summary>
public enum ValidationMonitor
{
    /// <summary>Mean over the scenarios whose AUC is defined.</summary>
    MeanAuc,

    /// <summary>The AUC of the scenario that is ordered worst, so that no scenario is given up for the others.</summary>
    WorstAuc,

    /// <summary>Mean over all rows; lower is better.</summary>
    LogLoss,
}

/// <summary>Reads a monitor's number.</summary>
public static class ValidationMonitors
{
    /// <returns>A number that is higher for a better model.</returns>
    public static double Worth(this ValidationMonitor monitor, Metrics metrics) => monitor switch
    {
        ValidationMonitor.MeanAuc => metrics.MeanAuc ?? throw Undefined(),
        ValidationMonitor.WorstAuc => metrics.Scenarios.Min(s => s.Auc) ?? throw Undefined(),
        ValidationMonitor.LogLoss => -metrics.Scenarios.Sum(s => (s.LogLoss ?? 0) * s.Rows) / metrics.Scenarios.Sum(s => s.Rows),
        _ => throw new ArgumentOutOfRangeException(nameof(monitor), monitor, null),
    };

    private static Llm4MsrException Undefined() => new(FaultKind.BadInput,
        "No scenario's validation part holds both clicked and unclicked rows, so that no epoch can be chosen by AUC. Use more data or another split, or choose by log loss.");
}
