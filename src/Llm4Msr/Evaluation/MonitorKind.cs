namespace Llm4Msr.Evaluation;

/// <summary>The one figure of a set of rows by which models, or epochs of one model, are chosen.</summary>
public enum MonitorKind
{
    /// <summary>Every scenario counts the same, however many rows it has.</summary>
    MeanAuc,

    /// <summary>No scenario may pay for another.</summary>
    WorstAuc,

    /// <summary>Of all rows, each counting the same.</summary>
    LogLoss,
}

/// <summary>Reads a monitor off metrics.</summary>
public static class Monitors
{
    /// <returns>Higher is better, so of the log loss its negative; null where it is undefined.</returns>
    public static double? Value(this MonitorKind kind, Metrics metrics) => kind switch
    {
        MonitorKind.MeanAuc => metrics.MeanAuc,
        MonitorKind.WorstAuc => metrics.Scenarios.Min(s => s.Auc),
        MonitorKind.LogLoss => -metrics.Overall.LogLoss,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };
}
