using System.Text.Json.Serialization;

namespace Llm4Msr.Evaluation;

/// <summary>Metrics of every scenario of a set of rows.</summary>
/// <param name="Overall">Of all rows together, as if there were no scenarios.</param>
public sealed record Metrics(IReadOnlyList<ScenarioMetrics> Scenarios, [property: JsonRequired] ScenarioMetrics Overall)
{
    /// <summary>Mean over the scenarios whose AUC is defined; null where none is. <see cref="LeftOut"/> names the others.</summary>
    public double? MeanAuc => Scenarios.Average(s => s.Auc);

    public IEnumerable<string> LeftOut => Scenarios.Where(s => s.Auc is null).Select(s => s.Scenario);

    public static Metrics Of(ScoredRows rows, EvaluationOptions? options = null)
    {
        options ??= new EvaluationOptions();
        return new Metrics(
            [.. rows.Scenarios.Select((name, s) => ScenarioMetrics.Of(name, rows.Only(s), options))],
            ScenarioMetrics.Of("all rows", rows, options));
    }
}
