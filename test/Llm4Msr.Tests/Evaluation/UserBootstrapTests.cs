using System.Runtime.Intrinsics;
using CsCheck;
using Llm4Msr.Evaluation;

namespace Llm4Msr.Tests.Evaluation;

public class UserBootstrapTests
{
    private static readonly EvaluationOptions s_options = new() { Replicates = 200, Threads = 1 };

    /// <summary>A user who is drawn twice is a user whose rows stand there twice, whatever the ties.</summary>
    [Fact]
    public void AFigureUnderADrawIsTheFigureOfTheRowsDrawn() =>
        Gen.Select(Gen.Select(Gen.Int[-3, 3].Select(k => k / 2f), Gen.Bool, Gen.Int[0, 4]).Array[1, 30], Gen.Int[0, 3].Array[5 * 8]).Sample((rows, drawn) =>
        {
            double[] weights = [.. drawn.Select(w => (double)w)]; // [5, 8]
            var order = ScoreOrder.Of([.. rows.Select(r => r.Item1)], [.. rows.Select(r => r.Item2 ? 1f : 0f)], [.. rows.Select(r => r.Item3)]);
            Vector512<double> auc = UserStatistics.Auc(order)(weights), grouped = UserStatistics.GroupedAuc(order, 5)(weights), loss = UserStatistics.LogLoss(order, 5)(weights);
            Vector512<double> entropy = UserStatistics.NormalizedEntropy(order, 5)(weights), promised = UserStatistics.PredictedToActual(order, 5)(weights), error = UserStatistics.CalibrationError(order)(weights);
            float[] lastOfBin = [.. Calibration.BinEnds(order).Select(end => rows.Select(r => r.Item1).Order().ElementAt(end - 1))];

            for (var lane = 0; lane < 8; lane++)
            {
                // The copies of a user's rows are rows of other users with the same rows: that is what a draw means for the grouped AUC.
                var copies = rows.SelectMany(r => Enumerable.Range(0, drawn[r.Item3 * 8 + lane]).Select(copy => (r.Item1, Label: r.Item2 ? 1f : 0f, User: r.Item3 + 5 * copy))).ToList();
                float[] scores = [.. copies.Select(c => c.Item1)], labels = [.. copies.Select(c => c.Label)];

                AssertSame(Definitions.Auc(scores, labels), auc[lane]);
                AssertSame(GroupedAuc.Of(scores, labels, [.. copies.Select(c => c.User)]).Value, grouped[lane]);
                AssertSame(LogLoss.OfLogits(scores, labels), loss[lane]);
                AssertSame(NormalizedEntropy.Of(LogLoss.OfLogits(scores, labels), labels.Length, labels.Count(l => l > 0)), entropy[lane]);
                AssertSame(Calibration.PredictedToActual(scores, labels), promised[lane]);
                // A bin's rows are those of its scores, however often they are drawn.
                var distances = copies.GroupBy(c => lastOfBin.First(last => last >= c.Item1)).Select(bin => Math.Abs(bin.Sum(c => 1 / (1 + Math.Exp(-c.Item1)) - c.Label)));
                AssertSame(copies.Count == 0 ? null : distances.Sum() / copies.Count, error[lane]);
            }
        });

    [Fact]
    public void DrawsAreAsManyUsersAsThereAreAndFairToAll()
    {
        const int Users = 25, Replicates = 4000;
        var total = new double[Users];
        var counts = UserBootstrap.Replicate(Users, [weights =>
        {
            var sum = Vector512<double>.Zero;
            for (var user = 0; user < Users; user++)
            {
                sum += Vector512.Create(weights.Slice(user * 8, 8));
                total[user] += Vector512.Sum(Vector512.Create(weights.Slice(user * 8, 8)));
            }
            return sum;
        }, weights => Vector512.Create(weights.Slice(0, 8)) * Vector512.Create(weights.Slice(0, 8))], s_options with { Replicates = Replicates }, TestContext.Current.CancellationToken);

        Assert.All(counts[0], count => Assert.Equal(Users, count));
        Assert.All(total, times => Assert.InRange(times / Replicates, 0.92, 1.08)); // five standard errors of 1/sqrt(4000)
        Assert.InRange(counts[1].Average(), 1.96 - 0.2, 1.96 + 0.2); // binomial: variance 1 - 1/25 about a mean of 1
    }

    /// <summary>The first block of draws waits until another thread has come, so that there are two.</summary>
    [Fact]
    public void WhichThreadDrawsDoesNotMatter()
    {
        const int Replicates = 80;
        var threads = new System.Collections.Concurrent.ConcurrentDictionary<int, bool>();
        double[] Drawn(int least, int most) => UserBootstrap.Replicate(30, [weights =>
        {
            threads[Environment.CurrentManagedThreadId] = true;
            SpinWait.SpinUntil(() => threads.Count >= least, TimeSpan.FromSeconds(20));
            return Vector512.Create(weights[..8]) + 1000 * Vector512.Create(weights[8..16]);
        }], s_options with { Replicates = Replicates, Threads = most }, TestContext.Current.CancellationToken)[0];

        var alone = Drawn(1, 1);
        threads.Clear();

        Assert.Equal(alone, Drawn(2, 2));
        Assert.Equal(2, threads.Count);
    }

    [Fact]
    public void IntervalsAreTheSameForAnyNumberOfThreadsAndAnyOrderOfRows()
    {
        ScoredRows[] seeds = [SampleScores.Of(1, model: 1), SampleScores.Of(1, model: 2)];
        var options = s_options with { Replicates = 203 }; // not a multiple of the lanes
        var intervals = Intervals(seeds, options);

        Assert.Equivalent(intervals, Intervals(seeds, options with { Threads = 3 }), strict: true);
        Assert.Equal(
            intervals.Scenarios.Append(intervals.Overall).Select(s => s.Auc),
            Of([.. seeds.Select(SampleScores.Shuffled)], options).Select(s => s.Auc));
        Assert.NotEqual(intervals.MeanAuc, Intervals(seeds, options with { Seed = 2 }).MeanAuc);

        static IEnumerable<ScenarioIntervals> Of(ScoredRows[] seeds, EvaluationOptions options)
        {
            var intervals = Intervals(seeds, options);
            return intervals.Scenarios.Append(intervals.Overall);
        }
    }

    /// <summary>
    /// Scores are label + what the user adds + noise, so the AUC of rows of different users is known: the normal
    /// distribution function of 1 / sqrt(2 (0.5^2 + 1)) = 0.632, which is 0.7364. Of 300 samples, 95 % of the intervals
    /// should hold it; drawing rows in place of users would hold it far less often.
    /// </summary>
    [Fact]
    public void AnIntervalHoldsTheTruthAboutAsOftenAsItSays()
    {
        const double Truth = 0.7364;
        const int Samples = 300, Users = 60, RowsEach = 12;
        var (held, width) = (0, 0.0);
        for (var sample = 0; sample < Samples; sample++)
        {
            var random = new Random(sample);
            var rows = new ScoredRows(["one"], new int[Users * RowsEach], new int[Users * RowsEach], new float[Users * RowsEach], new float[Users * RowsEach]);
            for (var user = 0; user < Users; user++)
            {
                var (adds, rate) = (0.5 * SampleScores.Normal(random), 0.2 + 0.6 * random.NextDouble());
                for (var row = user * RowsEach; row < (user + 1) * RowsEach; row++)
                {
                    rows.User[row] = user;
                    rows.Clicked[row] = random.NextDouble() < rate ? 1 : 0;
                    rows.Logits[row] = (float)(rows.Clicked[row] + adds + SampleScores.Normal(random));
                }
            }
            var interval = Intervals([rows]).Scenarios[0].Auc!;
            held += interval.Low <= Truth && Truth <= interval.High ? 1 : 0;
            width += (interval.High - interval.Low) / Samples;
        }

        Assert.InRange(held / (double)Samples, 0.90, 0.985);
        Assert.InRange(width, 0.05, 0.12);
    }

    [Fact]
    public void ManyRowsOfAUserAreNotManyUsers()
    {
        // The same rows five times over are no more evidence; five times the users are.
        var rows = SampleScores.Of(1);
        var repeated = rows with
        {
            Scenario = Repeated(rows.Scenario),
            User = Repeated(rows.User),
            Logits = Repeated(rows.Logits),
            Clicked = Repeated(rows.Clicked),
        };
        var more = SampleScores.Of(1, users: 200);

        Assert.Equal(WidthOf(rows), WidthOf(repeated), 1e-12);
        Assert.InRange(WidthOf(more) / WidthOf(rows), 0.3, 0.6); // about 1 / sqrt(5)

        static T[] Repeated<T>(T[] values) => [.. Enumerable.Repeat(values, 5).SelectMany(v => v)];
        static double WidthOf(ScoredRows rows) => Intervals([rows], s_options with { Replicates = 500 }).MeanAuc is { } i ? i.High - i.Low : 0;
    }

    [Fact]
    public void SeedsThatDifferWidenTheInterval()
    {
        ScoredRows[] same = [SampleScores.Of(1, error: 1), SampleScores.Of(1, error: 1), SampleScores.Of(1, error: 1)];
        ScoredRows[] other = [SampleScores.Of(1, error: 0.1), SampleScores.Of(1, error: 1), SampleScores.Of(1, error: 4)];

        var (of, ofOthers) = (Intervals(same), Intervals(other));

        Assert.Equal(Intervals(same[..1]).MeanAuc!.Low, of.MeanAuc!.Low, 1e-12); // copies of a model add nothing
        Assert.True(ofOthers.MeanAuc!.High - ofOthers.MeanAuc.Low > 1.5 * (of.MeanAuc.High - of.MeanAuc.Low));
        Assert.Equal(3, of.Seeds);
        Assert.InRange(Metrics.Of(same[0]).MeanAuc!.Value, of.MeanAuc.Low, of.MeanAuc.High);
    }

    [Fact]
    public void OneUserOrAFewHaveNoIntervalAndItSaysWhy()
    {
        var one = Intervals([SampleScores.Of(1, users: 1, rowsEach: 200)]);
        var nine = Intervals([SampleScores.Of(1, users: 9, rowsEach: 200)]);
        var ten = Intervals([SampleScores.Of(1, users: 10, rowsEach: 200)]);

        Assert.All(new[] { one, nine }, few =>
        {
            Assert.All(few.Scenarios.Append(few.Overall), s => Assert.Equal((null, "fewer than 10 users"), (s.Auc, s.Undefined)));
            Assert.Null(few.MeanAuc);
        });
        Assert.All(ten.Scenarios.Append(ten.Overall), s => Assert.Equal((10, null), (s.Users, s.Undefined)));
        Assert.NotNull(ten.MeanAuc);
    }

    [Fact]
    public void AScenarioWithoutAnAucHasNoIntervalAndLeavesTheMeanToTheOthers()
    {
        var rows = SampleScores.Of(1);
        for (var row = 0; row < rows.Count; row++)
            rows.Clicked[row] = rows.Scenario[row] == 2 ? 0 : rows.Clicked[row];

        var intervals = Intervals([rows]);

        Assert.Equal([null, null, "no clicks"], intervals.Scenarios.Select(s => s.Undefined));
        Assert.NotNull(intervals.MeanAuc);
        Assert.Null(intervals.Scenarios[2].Auc);
        Assert.NotNull(intervals.Scenarios[2].LogLoss);
    }

    [Fact]
    public void ClicksOfOneUserAloneAreNoInterval()
    {
        // Every third draw of twenty users is without user 0, whose rows are all the clicks there are.
        var rows = SampleScores.Of(1, users: 20, scenarios: 1);
        for (var row = 0; row < rows.Count; row++)
            rows.Clicked[row] = row < 10 ? 1 : 0;

        var scenario = Intervals([rows]).Scenarios[0];

        Assert.Equal((null, "draws of its users too often hold one class only"), (scenario.Auc, scenario.Undefined));
    }

    private static MetricsIntervals Intervals(IReadOnlyList<ScoredRows> seeds, EvaluationOptions? options = null) =>
        MetricsIntervals.Of(seeds, options ?? s_options, TestContext.Current.CancellationToken);

    private static void AssertSame(double? expected, double found)
    {
        Assert.Equal(expected is null, !double.IsFinite(found)); // a ratio to no clicks is infinite
        if (expected is { } value)
            Assert.Equal(value, found, 1e-12);
    }
}
