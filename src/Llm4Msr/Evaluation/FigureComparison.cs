namespace Llm4Msr.Evaluation;

/// <summary>What is measured beside the AUC, in the order of the reports.</summary>
public enum Figure
{
    GroupedAuc,
    LogLoss,
    NormalizedEntropy,
    CalibrationError,
    PredictedToActual,
}

/// <summary>One figure of two runs on the same rows of one scenario, or of all rows.</summary>
/// <param name="First">Mean over the first run's seeds; null where it is undefined.</param>
/// <param name="Difference">Second less first. Of a log loss, an entropy or a calibration error a negative one is better.</param>
/// <param name="Interval">95 % interval of the difference, over users, and over seeds where there are several; null where there is none.</param>
public sealed record FigureDifference(Figure Figure, string Scenario, double? First, double? Second, double? Difference, Interval? Interval);

/// <summary>
/// What <see cref="Comparison"/> does for the AUC, for the other figures of an evaluation: two runs on the same rows, under the
/// same draws of the users, averaged over the seeds drawn.
/// </summary>
public static class FigureComparison
{
    /// <param name="first">The rows scored by the model of each seed of the first run, by seed.</param>
    /// <param name="second">The same rows, scored by the second run's.</param>
    /// <returns>Figure by figure its scenarios, then all rows.</returns>
    public static IReadOnlyList<FigureDifference> Of(
        IReadOnlyDictionary<int, ScoredRows> first, IReadOnlyDictionary<int, ScoredRows> second, EvaluationOptions? options = null,
        CancellationToken cancellation = default)
    {
        options ??= new EvaluationOptions();
        var rows = Comparison.RequireSameRows(first, second);
        var (users, count) = UserBootstrap.Numbered(rows.User);
        var (a, b) = (Run.Of(first, users, count, options), Run.Of(second, users, count, options));
        var draws = UserBootstrap.Replicate(count, [.. a.Statistics, .. b.Statistics], options, cancellation);
        var differences = Comparison.Differences(a.Seeds, draws[..a.Statistics.Length], b.Seeds, draws[a.Statistics.Length..], options);

        var figures = Enum.GetValues<Figure>();
        return
        [
            .. from figure in figures
               from scenario in Enumerable.Range(0, rows.Scenarios.Count + 1)
               let own = scenario < rows.Scenarios.Count ? rows.Only(scenario).User : rows.User
               let hasInterval = own.Distinct().Count() >= options.MinimumUsers
               let values = (First: a.Mean(scenario, figure), Second: b.Mean(scenario, figure))
               select new FigureDifference(
                   figure, a.Metrics[0][scenario].Scenario, values.First, values.Second, values.Second - values.First,
                   values.First is not null && values.Second is not null && hasInterval ? Interval.Of(differences[scenario * figures.Length + (int)figure]) : null),
        ];
    }

    /// <summary>What is known of one run before users are drawn.</summary>
    /// <param name="Seeds">Ascending.</param>
    /// <param name="Metrics">By seed, the scenarios and then all rows.</param>
    /// <param name="Statistics">Seed after seed, scenario after scenario, figure after figure.</param>
    private sealed record Run(int[] Seeds, ScenarioMetrics[][] Metrics, UserStatistic[] Statistics)
    {
        public static Run Of(IReadOnlyDictionary<int, ScoredRows> run, int[] users, int count, EvaluationOptions options)
        {
            int[] seeds = [.. run.Keys.Order()];
            return new Run(
                seeds,
                [.. seeds.Select(seed => Evaluation.Metrics.Of(run[seed], options)).Select(m => (ScenarioMetrics[])[.. m.Scenarios, m.Overall])],
                [
                    .. seeds.Select(seed => run[seed] with { User = users })
                        .SelectMany(rows => Enumerable.Range(0, rows.Scenarios.Count).Select(rows.Only).Append(rows))
                        .Select(rows => rows.Order()).SelectMany(order => UserStatistics.BesideAuc(order, count)),
                ]);
        }

        public double? Mean(int scenario, Figure figure)
        {
            double?[] values = [.. Metrics.Select(seed => Of(seed[scenario], figure))];
            return values.Contains(null) ? null : values.Average();
        }

        private static double? Of(ScenarioMetrics metrics, Figure figure) => figure switch
        {
            Figure.GroupedAuc => metrics.GroupedAuc.Value,
            Figure.LogLoss => metrics.LogLoss,
            Figure.NormalizedEntropy => metrics.NormalizedEntropy,
            Figure.CalibrationError => metrics.CalibrationError,
            Figure.PredictedToActual => metrics.PredictedToActual,
            _ => throw new ArgumentOutOfRangeException(nameof(figure), figure, null),
        };
    }
}
