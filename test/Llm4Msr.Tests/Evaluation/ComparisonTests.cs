using Llm4Msr.Evaluation;

namespace Llm4Msr.Tests.Evaluation;

public class ComparisonTests
{
    private static readonly EvaluationOptions s_options = new() { Replicates = 400, Threads = 1 };

    [Fact]
    public void TheBetterModelIsFoundFromEitherSide()
    {
        var (good, poor) = (Run(error: 0.2), Run(error: 1.5));

        var forth = Compare(poor, good);
        var back = Compare(good, poor);

        Assert.Equal((Verdict.SecondAhead, Verdict.FirstAhead), (forth.Mean.Verdict, back.Mean.Verdict));
        Assert.Equal(forth.Mean.Difference!.Value, -back.Mean.Difference!.Value, 1e-12);
        Assert.Equal(forth.Mean.Interval!.Low, -back.Mean.Interval!.High, 1e-9);
        Assert.All(forth.Scenarios, s => Assert.Equal(Metrics.Of(good[1]).Scenarios.Single(m => m.Scenario == s.Scenario).Auc, s.Second));
        Assert.Equal(forth.Scenarios.Average(s => s.Difference!.Value), forth.Mean.Difference!.Value, 1e-12);
    }

    [Fact]
    public void ARunAgainstItselfShowsNothing()
    {
        Dictionary<int, ScoredRows> run = new() { [1] = Rows(1.0, 1), [2] = Rows(1.0, 2), [3] = Rows(1.0, 3) };

        var comparison = Compare(run, run);

        Assert.All(comparison.Scenarios.Append(comparison.Mean), s => Assert.Equal((0.0, new Interval(0, 0), Verdict.NotShown), (s.Difference!.Value, s.Interval, s.Verdict)));
    }

    /// <summary>Both models are wrong about the same users, so most of what an interval of one alone is wide for cancels.</summary>
    [Fact]
    public void APairedIntervalIsNarrowerThanTwoAlone()
    {
        var (first, second) = (Run(error: 0.3), Run(error: 0.3, model: 2));

        var mean = Compare(first, second).Mean;
        var paired = mean.Interval!;
        double[] alone = [.. new[] { first[1], second[1] }.Select(rows => MetricsIntervals.Of([rows], s_options, TestContext.Current.CancellationToken).MeanAuc!).Select(i => i.High - i.Low)];

        Assert.Equal(Verdict.NotShown, mean.Verdict); // equally good
        Assert.InRange(paired.High - paired.Low, 1e-4, 0.6 * Math.Sqrt(alone[0] * alone[0] + alone[1] * alone[1]));
    }

    /// <summary>
    /// Where the true difference is the one that is called detectable, it should be shown about four times of five. The
    /// models of a sample differ in their errors; the difference of many samples together is the truth.
    /// </summary>
    [Fact]
    public void TheSmallestDetectableDifferenceIsDetectedFourTimesOfFive()
    {
        const int Samples = 150;
        var options = s_options with { Replicates = 200 };
        var comparisons = Enumerable.Range(1, Samples).Select(sample => Compare(Run(0.7, seed: sample), Run(0.44, 2, seed: sample), options).Mean).ToList();
        var (truth, detectable) = (comparisons.Average(c => c.Difference!.Value), comparisons.Average(c => c.SmallestDetectable!.Value));

        Assert.InRange(truth / detectable, 0.9, 1.1); // or the sample would say nothing about it
        Assert.InRange(comparisons.Count(c => c.Verdict == Verdict.SecondAhead) / (double)Samples, 0.65, 0.95);
        Assert.InRange(comparisons[0].SmallestDetectable!.Value / comparisons[0].StandardError!.Value, 2.801, 2.802); // 1.95996 + 0.84162
    }

    [Fact]
    public void SeedsAreAveragedAndTestedAgainstEachOther()
    {
        Dictionary<int, ScoredRows> first = new() { [1] = Rows(1.0, 1), [2] = Rows(1.0, 2), [3] = Rows(1.0, 3) };
        Dictionary<int, ScoredRows> second = new() { [3] = Rows(0.3, 6), [1] = Rows(0.3, 4), [2] = Rows(0.3, 5) };
        double[] Mean(Dictionary<int, ScoredRows> run) => [.. run.OrderBy(p => p.Key).Select(p => Metrics.Of(p.Value).MeanAuc!.Value)];

        var paired = Compare(first, second).Mean;
        var independent = Compare(first, second.ToDictionary(p => p.Key + 1, p => p.Value)).Mean;

        Assert.Equal(Mean(first).Average(), paired.First!.Value, 1e-12);
        Assert.Equal(TTest.OfPairs(Mean(first), Mean(second)), paired.OverSeeds);
        Assert.Equal(TTest.OfIndependent(Mean(first), Mean(second)), independent.OverSeeds);
        Assert.Null(Compare(Run(1), Run(0.5)).Mean.OverSeeds); // one seed each
    }

    /// <summary>In three draws of ten the one seed that makes the difference is not among those drawn.</summary>
    [Fact]
    public void ADifferenceOfOneSeedAmongThreeIsNotSure()
    {
        Dictionary<int, ScoredRows> first = new() { [1] = Rows(1.0, 1), [2] = Rows(1.0, 2), [3] = Rows(1.0, 3) };
        Dictionary<int, ScoredRows> second = new(first) { [3] = Rows(0.2, 4) };

        var mean = Compare(first, second).Mean;
        var ofTheSeed = Compare(Only(first, 3), Only(second, 3)).Mean;

        Assert.Equal((Verdict.SecondAhead, Verdict.NotShown), (ofTheSeed.Verdict, mean.Verdict));
        Assert.Equal(0, mean.Interval!.Low);
        Assert.True(Width(mean.Interval) > 2 * Width(ofTheSeed.Interval!) / 3); // over users alone it is a third of the seed's own
        Assert.True(mean.SmallestDetectable > 2 * ofTheSeed.SmallestDetectable / 3);

        static Dictionary<int, ScoredRows> Only(Dictionary<int, ScoredRows> run, int seed) => new() { [seed] = run[seed] };
    }

    /// <summary>Seeds that are good or poor in both runs cancel where they are the same ones.</summary>
    [Fact]
    public void SeedsAreDrawnInPairsByTheirNumbers()
    {
        double[] errors = [0.2, 0.8, 1.6];
        var (first, second) = (OfErrors(model: 1), OfErrors(model: 4));

        var paired = Compare(first, second).Mean;
        var independent = Compare(first, second.ToDictionary(p => p.Key + 1, p => p.Value)).Mean;
        var fewer = Compare(first, second.Where(p => p.Key < 3).ToDictionary()).Mean;

        Assert.True(Width(independent.Interval!) > 2 * Width(paired.Interval!));
        Assert.Equal(paired, Compare(first, second.Reverse().ToDictionary()).Mean);
        Assert.Equal(paired, Compare(first.Reverse().ToDictionary(), second).Mean);
        Assert.True(Width(fewer.Interval!) > 2 * Width(paired.Interval!));
        Assert.All((AucDifference[])[independent, fewer], mean => Assert.InRange(mean.Difference!.Value, mean.Interval!.Low, mean.Interval.High));

        Dictionary<int, ScoredRows> OfErrors(int model) => errors.Select((error, k) => (Seed: k + 1, Rows: Rows(error, model + k))).ToDictionary(s => s.Seed, s => s.Rows);
    }

    [Fact]
    public void SeedsThatAreAlikeSayWhatOneSays()
    {
        var (one, three) = (Compare(Run(1), Run(0.5)).Mean, Compare(Thrice(Rows(1)), Thrice(Rows(0.5))).Mean);

        Assert.Equal(one.Interval!.Low, three.Interval!.Low, 1e-12);
        Assert.Equal(one.Interval.High, three.Interval.High, 1e-12);

        static Dictionary<int, ScoredRows> Thrice(ScoredRows rows) => new() { [1] = rows, [2] = rows, [3] = rows };
    }

    [Fact]
    public void NeitherThreadsNorTheOrderOfRowsChangeIt()
    {
        var (first, second) = (Run(0.5), Run(0.5, 2));
        var comparison = Compare(first, second);

        Assert.Equivalent(comparison, Compare(first, second, s_options with { Threads = 3 }), strict: true);
        Assert.Equivalent(comparison, Compare(Shuffled(first), Shuffled(second)), strict: true);

        static Dictionary<int, ScoredRows> Shuffled(Dictionary<int, ScoredRows> run) => run.ToDictionary(p => p.Key, p => SampleScores.Shuffled(p.Value));
    }

    [Fact]
    public void AScenarioWithoutAucIsNamedAndLeftOutOfTheMean()
    {
        var (first, second) = (Run(1), Run(0.3));
        foreach (var rows in first.Values.Concat(second.Values))
        {
            for (var row = 0; row < rows.Count; row++)
                rows.Clicked[row] = rows.Scenario[row] == 1 ? 1 : rows.Clicked[row];
        }

        var comparison = Compare(first, second);

        Assert.Equal([null, "only clicks", null], comparison.Scenarios.Select(s => s.Undefined));
        Assert.Equal((null, null, Verdict.Undefined), (comparison.Scenarios[1].Difference, comparison.Scenarios[1].Interval, comparison.Scenarios[1].Verdict));
        Assert.Equal((comparison.Scenarios[0].Difference!.Value + comparison.Scenarios[2].Difference!.Value) / 2, comparison.Mean.Difference!.Value, 1e-12);
        Assert.NotNull(comparison.Mean.Interval);
    }

    [Fact]
    public void AFewUsersAreComparedWithoutAnInterval()
    {
        Dictionary<int, ScoredRows> Few(double error) => new() { [1] = SampleScores.Of(1, 1, error, users: 4, rowsEach: 100) };

        var comparison = Compare(Few(1), Few(0.2));

        Assert.All(comparison.Scenarios, s => Assert.Equal((null, Verdict.Undefined, "fewer than 10 users"), (s.Interval, s.Verdict, s.Undefined)));
        Assert.Equal((null, "'scenario 0' has no interval"), (comparison.Mean.Interval, comparison.Mean.Undefined));
        Assert.NotNull(comparison.Mean.Difference);
    }

    [Fact]
    public void OtherRowsAreRefused()
    {
        var others = new Dictionary<int, ScoredRows> { [1] = SampleScores.Of(2) };

        Assert.Throws<ArgumentException>(() => Compare(Run(1), others));
    }

    private static Comparison Compare(IReadOnlyDictionary<int, ScoredRows> first, IReadOnlyDictionary<int, ScoredRows> second, EvaluationOptions? options = null) =>
        Comparison.Of(first, second, options ?? s_options, TestContext.Current.CancellationToken);

    private static double Width(Interval interval) => interval.High - interval.Low;

    private static Dictionary<int, ScoredRows> Run(double error, int model = 1, int seed = 1) => new() { [1] = Rows(error, model, seed) };

    private static ScoredRows Rows(double error, int model = 1, int seed = 1) => SampleScores.Of(seed, model, error);
}
