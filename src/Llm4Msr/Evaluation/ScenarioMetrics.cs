namespace Llm4Msr.Evaluation;

/// <summary>How well the rows of one scenario were scored.</summary>
/// <param name="Auc">Null where it is undefined; <paramref name="Undefined"/> says why.</param>
/// <param name="LogLoss">Null where there is no row.</param>
public sealed record ScenarioMetrics(string Scenario, int Rows, int Clicks, double? Auc, double? LogLoss, string? Undefined);

/// <summary>Metrics of every scenario of a set of rows.</summary>
public sealed record Metrics(IReadOnlyList<ScenarioMetrics> Scenarios)
{
    /// <summary>Mean over the scenarios whose AUC is defined; null where none is. <see cref="LeftOut"/> names the others.</summary>
    public double? MeanAuc => Scenarios.Any(s => s.Auc is not null) ? Scenarios.Where(s => s.Auc is not null).Average(s => s.Auc!.Value) : null;

    public IEnumerable<string> LeftOut => Scenarios.Where(s => s.Auc is null).Select(s => s.Scenario);

    /// <param name="names">The scenarios.</param>
    /// <param name="scenarios">The scenario of each row.</param>
    public static Metrics Of(IReadOnlyList<string> names, ReadOnlySpan<int> scenarios, ReadOnlySpan<float> logits, ReadOnlySpan<float> labels)
    {
        var metrics = new ScenarioMetrics[names.Count];
        for (var s = 0; s < metrics.Length; s++)
        {
            List<float> ownLogits = [], ownLabels = [];
            for (var row = 0; row < scenarios.Length; row++)
            {
                if (scenarios[row] != s)
                    continue;
                ownLogits.Add(logits[row]);
                ownLabels.Add(labels[row]);
            }
            metrics[s] = Of(names[s], [.. ownLogits], [.. ownLabels]);
        }
        return new Metrics(metrics);
    }

    private static ScenarioMetrics Of(string scenario, ReadOnlySpan<float> logits, ReadOnlySpan<float> labels)
    {
        var clicks = 0;
        foreach (var label in labels)
            clicks += label > 0 ? 1 : 0;
        var undefined = labels.Length == 0 ? "no rows" : clicks == 0 ? "no clicks" : clicks == labels.Length ? "only clicks" : null;
        return new ScenarioMetrics(scenario, labels.Length, clicks, Auc.Of(logits, labels), LogLoss.OfLogits(logits, labels), undefined);
    }
}
