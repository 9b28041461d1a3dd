namespace Llm4Msr.Evaluation;

/// <summary>How well the rows of one scenario, or of all of them, were scored.</summary>
/// <param name="Auc">Null where it is undefined; <paramref name="Undefined"/> says why.</param>
/// <param name="LogLoss">In nats; null where there is no row.</param>
/// <param name="NormalizedEntropy">Null where all rows are of one class.</param>
/// <param name="CalibrationError">Null where there is no row.</param>
/// <param name="PredictedToActual">Null where there is no click.</param>
public sealed record ScenarioMetrics(
    string Scenario, int Rows, int Clicks, double? Auc, GroupedAuc GroupedAuc, double? LogLoss, double? NormalizedEntropy,
    double? CalibrationError, double? PredictedToActual, string? Undefined)
{
    /// <param name="rows">Of that scenario alone.</param>
    internal static ScenarioMetrics Of(string scenario, ScoredRows rows, EvaluationOptions options)
    {
        var clicks = rows.Clicked.AsSpan().Count(1f);
        var undefined = WhyUndefined(rows.Count, clicks, options.MinimumPerClass);
        var order = rows.Order();
        var logLoss = Evaluation.LogLoss.OfLogits(rows.Logits, rows.Clicked);
        return new ScenarioMetrics(
            scenario, rows.Count, clicks, undefined is null ? Evaluation.Auc.Of(order) : null, Evaluation.GroupedAuc.Of(order),
            logLoss, Evaluation.NormalizedEntropy.Of(logLoss, rows.Count, clicks),
            Calibration.Error(order), Calibration.PredictedToActual(order), undefined);
    }

    private static string? WhyUndefined(int rows, int clicks, int minimum) => (rows, clicks) switch
    {
        (0, _) => "no rows",
        (_, 0) => "no clicks",
        _ when clicks == rows => "only clicks",
        _ when clicks < minimum => $"fewer than {minimum} clicks",
        _ when rows - clicks < minimum => $"fewer than {minimum} rows without a click",
        _ => null,
    };
}
