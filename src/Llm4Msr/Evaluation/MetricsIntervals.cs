namespace Llm4Msr.Evaluation;

/// <summary>Intervals for the rows of one scenario, or for all of them; null where there is none.</summary>
/// <param name="Users">With rows here.</param>
/// <param name="Undefined">Why the AUC has no interval; null where it has one.</param>
public sealed record ScenarioIntervals(
    string Scenario, int Users, Interval? Auc, Interval? GroupedAuc, Interval? LogLoss, Interval? NormalizedEntropy,
    Interval? CalibrationError, Interval? PredictedToActual, string? Undefined);

/// <summary>
/// 95 % intervals of a run's metrics, each averaged over the run's seeds: users are drawn with replacement, and seeds too
/// where there are several.
/// </summary>
/// <param name="MeanAuc">Of the mean scenario AUC; null where a scenario in the mean has no interval.</param>
public sealed record MetricsIntervals(
    IReadOnlyList<ScenarioIntervals> Scenarios, ScenarioIntervals Overall, Interval? MeanAuc, int Seeds, int Replicates)
{
    private const int StatisticsPerScenario = 6;

    /// <param name="seeds">The same rows scored by the model of each seed, one or more.</param>
    public static MetricsIntervals Of(IReadOnlyList<ScoredRows> seeds, EvaluationOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new EvaluationOptions();
        ArgumentOutOfRangeException.ThrowIfZero(seeds.Count, nameof(seeds));
        var metrics = Metrics.Of(seeds[0], options); // whether a figure is defined depends on labels and users only
        var (users, count) = UserBootstrap.Numbered(seeds[0].User);
        var scenarios = seeds[0].Scenarios.Count;
        var draws = Draws([.. seeds.Select(seed => seed with { User = users })], count, options, cancellation);

        ScenarioIntervals[] all =
        [
            .. metrics.Scenarios.Append(metrics.Overall).Select((scenario, s) => IntervalsOf(
                scenario, s < scenarios ? seeds[0].Only(s).User : users, draws.AsSpan(s * StatisticsPerScenario, StatisticsPerScenario), options)),
        ];
        int[] averaged = [.. Enumerable.Range(0, scenarios).Where(s => metrics.Scenarios[s].Auc is not null)];
        var mean = averaged.Length == 0 || averaged.Any(s => all[s].Auc is null) ? null
            : Interval.Of([.. Enumerable.Range(0, options.Replicates).Select(r => averaged.Average(s => draws[s * StatisticsPerScenario][r]))]);
        return new MetricsIntervals(all[..scenarios], all[scenarios], mean, seeds.Count, options.Replicates);
    }

    /// <returns>Six figures for every scenario, then for all rows, each averaged over the seeds drawn.</returns>
    private static double[][] Draws(ScoredRows[] seeds, int users, EvaluationOptions options, CancellationToken cancellation)
    {
        List<UserStatistic> statistics = [];
        foreach (var seed in seeds)
        {
            foreach (var rows in Enumerable.Range(0, seed.Scenarios.Count).Select(seed.Only).Append(seed))
            {
                var order = rows.Order();
                statistics.AddRange([UserStatistics.Auc(order), .. UserStatistics.BesideAuc(order, users)]);
            }
        }
        return SeedBootstrap.Means(UserBootstrap.Replicate(users, statistics, options, cancellation), new SeedBootstrap(options).Draw(seeds.Length));
    }

    private static ScenarioIntervals IntervalsOf(ScenarioMetrics scenario, int[] users, ReadOnlySpan<double[]> draws, EvaluationOptions options)
    {
        var count = users.Distinct().Count();
        if (count < options.MinimumUsers)
            return new ScenarioIntervals(scenario.Scenario, count, null, null, null, null, null, null, scenario.Undefined ?? TooFewUsers(options));
        var auc = scenario.Auc is null ? null : Interval.Of(draws[0]);
        return new ScenarioIntervals(
            scenario.Scenario, count, auc, Interval.Of(draws[1]), Interval.Of(draws[2]), Interval.Of(draws[3]), Interval.Of(draws[4]), Interval.Of(draws[5]),
            scenario.Undefined ?? (auc is null ? OftenOneClass : null));
    }

    internal static string TooFewUsers(EvaluationOptions options) => $"fewer than {options.MinimumUsers} users";

    internal const string OftenOneClass = "draws of its users too often hold one class only";
}
