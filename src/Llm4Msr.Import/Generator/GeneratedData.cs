namespace Llm4Msr.Import.Generator;

/// <summary>Generated logs, and the truth behind them.</summary>
/// <remarks>
/// Items are shown whatever users like, so that clicks and nothing else tell interests; ids, levels and encrypted features
/// say nothing about them.
/// </remarks>
/// <param name="Intercepts">Of each scenario: what its logits need for the click share that was asked for.</param>
internal sealed record GeneratedData(GeneratorOptions Options, PlantedTruth Truth, IReadOnlyList<double> Intercepts)
{
    /// <summary>The period starts at midnight of 2023-05-22 in Beijing; Unix seconds.</summary>
    public const long Start = 1_684_684_800;

    public required PlantedActivity Activity { get; init; }

    public required IReadOnlyList<ScenarioRows> Scenarios { get; init; }

    /// <param name="report">Called now and then with (rows made, what is being done).</param>
    public static GeneratedData Generate(GeneratorOptions options, Action<double, string> report)
    {
        options.Check();
        var (truth, activity) = (new PlantedTruth(options), new PlantedActivity(options));
        List<ScenarioRows> scenarios = [];
        List<double> intercepts = [];
        foreach (var (scenario, k) in options.Scenarios.Select((s, k) => (s, k)))
        {
            double before = scenarios.Sum(s => (long)s.Count);
            var (rows, intercept) = new ScenarioPlanter(options, truth, activity, k).Plant(done => report(before + done, $"rows of {scenario.Name}"));
            scenarios.Add(rows);
            intercepts.Add(intercept);
        }
        return new GeneratedData(options, truth, intercepts) { Activity = activity, Scenarios = scenarios };
    }
}
