using MathNet.Numerics.Distributions;

namespace Llm4Msr.Evaluation;

/// <summary>What a paired comparison says.</summary>
public enum Verdict
{
    /// <summary>There is no interval to say it from.</summary>
    Undefined,

    /// <summary>The interval holds zero.</summary>
    NotShown,

    FirstAhead,

    SecondAhead,
}

/// <summary>The AUC of two runs on the same rows of one scenario, or the mean over scenarios.</summary>
/// <param name="First">Mean over the first run's seeds; null where the AUC is undefined.</param>
/// <param name="Difference">Second less first.</param>
/// <param name="Interval">95 % interval of the difference, over users, and over seeds where there are several; of one seed it is about that model.</param>
/// <param name="StandardError">Over the same draws.</param>
/// <param name="SmallestDetectable">
/// The difference that so many users and seeds would have shown four times of five, were it there: (z of 0.975 + z of 0.8) standard errors.
/// </param>
/// <param name="OverSeeds">Whether it holds for seeds in general, on these users; null where that cannot be said.</param>
/// <param name="Undefined">Why there is no AUC, or no interval.</param>
public sealed record AucDifference(
    string Scenario, double? First, double? Second, double? Difference, Interval? Interval, double? StandardError, double? SmallestDetectable,
    TTest? OverSeeds, string? Undefined)
{
    public Verdict Verdict => Interval switch
    {
        null => Verdict.Undefined,
        { Low: > 0 } => Verdict.SecondAhead,
        { High: < 0 } => Verdict.FirstAhead,
        _ => Verdict.NotShown,
    };

    /// <summary>Whether the second is not ahead by so much, as far as the interval says.</summary>
    public bool RulesOut(double gain) => Interval?.High < gain;
}

/// <summary>
/// Two runs on the same rows. Both are scored under the same draws of the users and averaged over the seeds drawn, which are
/// the same ones where the runs have the same seeds: what makes rows or a seed hard for both cancels.
/// </summary>
/// <param name="Mean">Over the scenarios whose AUC is defined.</param>
public sealed record Comparison(IReadOnlyList<AucDifference> Scenarios, AucDifference Mean, int Users, int Replicates)
{
    private const double Power = 0.8;

    private static readonly double s_detectableErrors = Normal.InvCDF(0, 1, (1 + Interval.Confidence) / 2) + Normal.InvCDF(0, 1, Power);

    /// <param name="first">The rows scored by the model of each seed of the first run, by seed.</param>
    /// <param name="second">The same rows, scored by the second run's.</param>
    public static Comparison Of(
        IReadOnlyDictionary<int, ScoredRows> first, IReadOnlyDictionary<int, ScoredRows> second, EvaluationOptions? options = null,
        CancellationToken cancellation = default)
    {
        options ??= new EvaluationOptions();
        var rows = RequireSameRows(first, second);
        var (users, count) = UserBootstrap.Numbered(rows.User);
        var a = RunAuc.Of(first, users, options);
        var b = RunAuc.Of(second, users, options);
        var draws = UserBootstrap.Replicate(count, [.. a.Statistics, .. b.Statistics], options, cancellation);
        var differences = Differences(a.Seeds, draws[..a.Statistics.Length], b.Seeds, draws[a.Statistics.Length..], options);

        var paired = a.Seeds.SequenceEqual(b.Seeds);
        AucDifference[] scenarios =
        [
            .. rows.Scenarios.Select((name, s) => Difference(
                name, a.Auc(s), b.Auc(s), differences[s], paired,
                a.Metrics[0].Scenarios[s].Undefined ?? (rows.Only(s).User.Distinct().Count() < options.MinimumUsers ? MetricsIntervals.TooFewUsers(options) : null))),
        ];
        int[] averaged = [.. Enumerable.Range(0, scenarios.Length).Where(s => scenarios[s].Difference is not null)];
        var mean = Difference(
            "mean", [.. a.Metrics.Select(m => m.MeanAuc)], [.. b.Metrics.Select(m => m.MeanAuc)],
            averaged.Length == 0 ? [] : [.. Enumerable.Range(0, options.Replicates).Select(r => averaged.Average(s => differences[s][r]))], paired,
            averaged.Length == 0 ? "no scenario has an AUC" : averaged.Where(s => scenarios[s].Interval is null).Select(s => $"'{scenarios[s].Scenario}' has no interval").FirstOrDefault());
        return new Comparison(scenarios, mean, count, options.Replicates);
    }

    /// <summary>What is known of one run before users are drawn.</summary>
    private sealed record RunAuc(int[] Seeds, Metrics[] Metrics, UserStatistic[] Statistics)
    {
        public static RunAuc Of(IReadOnlyDictionary<int, ScoredRows> run, int[] users, EvaluationOptions options)
        {
            int[] seeds = [.. run.Keys.Order()];
            return new RunAuc(
                seeds, [.. seeds.Select(seed => Evaluation.Metrics.Of(run[seed], options))],
                [.. seeds.SelectMany(seed => Enumerable.Range(0, run[seed].Scenarios.Count).Select(s => UserStatistics.Auc((run[seed] with { User = users }).Only(s).Order())))]);
        }

        public double?[] Auc(int scenario) => [.. Metrics.Select(m => m.Scenarios[scenario].Auc)];
    }

    /// <returns>The rows of any seed.</returns>
    internal static ScoredRows RequireSameRows(IReadOnlyDictionary<int, ScoredRows> first, IReadOnlyDictionary<int, ScoredRows> second)
    {
        var rows = first.Values.First();
        return first.Values.Concat(second.Values).All(seed => SameRows(rows, seed))
            ? rows
            : throw new ArgumentException("The runs were not scored on the same rows.", nameof(second));
    }

    /// <param name="firstSeeds">Ascending, as the second's.</param>
    /// <param name="first">Statistics of each seed, which come seed after seed.</param>
    /// <returns>By statistic, draw by draw: mean over the seeds drawn of the second run less that of the first.</returns>
    internal static double[][] Differences(int[] firstSeeds, double[][] first, int[] secondSeeds, double[][] second, EvaluationOptions options)
    {
        var seeds = new SeedBootstrap(options);
        var drawn = seeds.Draw(firstSeeds.Length);
        var a = SeedBootstrap.Means(first, drawn);
        var b = SeedBootstrap.Means(second, firstSeeds.SequenceEqual(secondSeeds) ? drawn : seeds.Draw(secondSeeds.Length)); // the same seed saw the same chance
        return [.. a.Zip(b, (before, after) => after.Zip(before, (y, x) => y - x).ToArray())];
    }

    /// <param name="undefined">Why there can be no interval; null where there can.</param>
    private static AucDifference Difference(string scenario, double?[] first, double?[] second, double[] draws, bool paired, string? undefined)
    {
        if (first.Contains(null) || second.Contains(null))
            return new AucDifference(scenario, null, null, null, null, null, null, null, undefined);
        double[] a = [.. first.Select(auc => auc!.Value)], b = [.. second.Select(auc => auc!.Value)];
        var interval = undefined is null ? Interval.Of(draws) : null;
        var error = interval is null ? null : Interval.StandardError(draws);
        return new AucDifference(
            scenario, a.Average(), b.Average(), b.Average() - a.Average(), interval, error, error * s_detectableErrors,
            paired ? TTest.OfPairs(a, b) : TTest.OfIndependent(a, b), undefined ?? (interval is null ? MetricsIntervals.OftenOneClass : null));
    }

    private static bool SameRows(ScoredRows a, ScoredRows b) =>
        a.Scenarios.SequenceEqual(b.Scenarios) && a.Scenario.AsSpan().SequenceEqual(b.Scenario)
        && a.User.AsSpan().SequenceEqual(b.User) && a.Clicked.AsSpan().SequenceEqual(b.Clicked);
}
