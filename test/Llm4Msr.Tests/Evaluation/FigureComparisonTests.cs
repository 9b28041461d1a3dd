using Llm4Msr.Evaluation;

namespace Llm4Msr.Tests.Evaluation;

public class FigureComparisonTests
{
    private static readonly EvaluationOptions s_options = new() { Replicates = 400, Threads = 1 };

    [Fact]
    public void EachFigureIsTheRunsOwnAndItsIntervalIsAboutIt()
    {
        var (first, second) = (Run(error: 1.5), Run(error: 0.2));
        var differences = Compare(first, second);
        var (a, b) = (All(first[1]), All(second[1]));

        Assert.Equal(Enum.GetValues<Figure>().SelectMany(f => a.Select(m => (f, m.Scenario))), differences.Select(d => (d.Figure, d.Scenario)));
        foreach (var (scenario, before, after) in a.Zip(b, (x, y) => (x.Scenario, x, y)))
        {
            Assert.Equal((before.GroupedAuc.Value, after.GroupedAuc.Value), Values(Figure.GroupedAuc, scenario));
            Assert.Equal((before.LogLoss, after.LogLoss), Values(Figure.LogLoss, scenario));
            Assert.Equal((before.NormalizedEntropy, after.NormalizedEntropy), Values(Figure.NormalizedEntropy, scenario));
            Assert.Equal((before.CalibrationError, after.CalibrationError), Values(Figure.CalibrationError, scenario));
            Assert.Equal((before.PredictedToActual, after.PredictedToActual), Values(Figure.PredictedToActual, scenario));
        }
        foreach (var d in differences)
        {
            Assert.Equal(d.Second!.Value - d.First!.Value, d.Difference!.Value, 1e-12);
            if (d.Figure is Figure.CalibrationError)
                continue; // draws have more of it than the rows: it is a mean of distances
            Assert.InRange(d.Difference.Value, d.Interval!.Low, d.Interval.High);
        }
        Assert.All(differences.Where(d => d.Figure is Figure.GroupedAuc), d => Assert.True(d.Interval!.Low > 0));
        Assert.All(differences.Where(d => d.Figure is Figure.LogLoss or Figure.NormalizedEntropy), d => Assert.True(d.Interval!.High < 0));

        (double?, double?) Values(Figure figure, string scenario) => differences.Where(d => (d.Figure, d.Scenario) == (figure, scenario)).Select(d => (d.First, d.Second)).Single();
    }

    [Fact]
    public void FromTheOtherSideItIsTheSameWithTheOtherSign()
    {
        var (first, second) = (Run(error: 1.5), Run(error: 0.2));

        foreach (var (forth, back) in Compare(first, second).Zip(Compare(second, first)))
        {
            Assert.Equal(forth.Difference!.Value, -back.Difference!.Value, 1e-12);
            Assert.Equal(forth.Interval!.Low, -back.Interval!.High, 1e-12);
        }
        Assert.All(Compare(first, first), d => Assert.Equal((0.0, new Interval(0, 0)), (d.Difference!.Value, d.Interval)));
    }

    /// <summary>Both models are wrong about the same users, so most of what an interval of one alone is wide for cancels.</summary>
    [Fact]
    public void DrawsAreTheSameForBoth()
    {
        var (first, second) = (Run(error: 0.3), Run(error: 0.3, model: 2));
        var paired = Compare(first, second).Single(d => d is { Figure: Figure.LogLoss, Scenario: "all rows" }).Interval!;
        double[] alone = [.. new[] { first[1], second[1] }.Select(rows => MetricsIntervals.Of([rows], s_options, TestContext.Current.CancellationToken).Overall.LogLoss!).Select(i => i.High - i.Low)];

        Assert.InRange(paired.High - paired.Low, 1e-6, 0.6 * Math.Sqrt(alone[0] * alone[0] + alone[1] * alone[1]));
    }

    [Fact]
    public void SeedsAreAveraged()
    {
        Dictionary<int, ScoredRows> two = new() { [1] = Rows(0.3, 1), [2] = Rows(1.2, 2) };

        var differences = Compare(two, Run(0.5));

        Assert.Equal(
            All(two[1]).Zip(All(two[2]), (x, y) => (x.LogLoss + y.LogLoss) / 2), differences.Where(d => d.Figure == Figure.LogLoss).Select(d => d.First));
        Assert.All(differences.Where(d => d.Figure == Figure.LogLoss), d => Assert.InRange(d.Difference!.Value, d.Interval!.Low, d.Interval.High));
    }

    [Fact]
    public void ADifferenceOfOneSeedAmongThreeIsNotSure()
    {
        Dictionary<int, ScoredRows> first = new() { [1] = Rows(1.0, 1), [2] = Rows(1.0, 2), [3] = Rows(1.0, 3) };
        Dictionary<int, ScoredRows> second = new(first) { [3] = Rows(0.2, 4) };

        var interval = LogLoss(first, second);
        var ofTheSeed = LogLoss(new() { [3] = first[3] }, new() { [3] = second[3] });

        Assert.Equal(0, interval.High); // in three draws of ten that seed is not among those drawn
        Assert.True(Width(interval) > 2 * Width(ofTheSeed) / 3); // over users alone it is a third of the seed's own
    }

    /// <summary>Seeds that are good or poor in both runs cancel where they are the same ones.</summary>
    [Fact]
    public void SeedsAreDrawnInPairsByTheirNumbers()
    {
        Dictionary<int, ScoredRows> first = new() { [1] = Rows(0.2, 1), [2] = Rows(0.8, 2), [3] = Rows(1.6, 3) };
        Dictionary<int, ScoredRows> second = new() { [3] = Rows(1.6, 6), [1] = Rows(0.2, 4), [2] = Rows(0.8, 5) };

        var paired = LogLoss(first, second);

        Assert.Equal(paired, LogLoss(first, new(second.OrderBy(p => p.Key))));
        Assert.True(Width(LogLoss(first, second.ToDictionary(p => p.Key + 1, p => p.Value))) > 2 * Width(paired));
        Assert.True(Width(LogLoss(first, second.Where(p => p.Key < 3).ToDictionary())) > 2 * Width(paired));
    }

    [Fact]
    public void WhereAFigureIsUndefinedOrUsersAreFewThereIsNoInterval()
    {
        var few = new Dictionary<int, ScoredRows> { [1] = SampleScores.Of(1, 1, 0.5, users: 4, rowsEach: 100) };
        Assert.All(Compare(few, few), d => Assert.Equal((0.0, null), (d.Difference!.Value, d.Interval)));

        var run = Run(1);
        for (var row = 0; row < run[1].Count; row++)
            run[1].Clicked[row] = run[1].Scenario[row] == 1 ? 1 : run[1].Clicked[row];
        var oneClass = Compare(run, run).Where(d => d.Scenario == "scenario 1").ToDictionary(d => d.Figure);
        Assert.Equal((null, null, null), (oneClass[Figure.GroupedAuc].First, oneClass[Figure.GroupedAuc].Difference, oneClass[Figure.GroupedAuc].Interval));
        Assert.Null(oneClass[Figure.NormalizedEntropy].Interval);
        Assert.NotNull(oneClass[Figure.LogLoss].Interval);
    }

    private static IReadOnlyList<FigureDifference> Compare(IReadOnlyDictionary<int, ScoredRows> first, IReadOnlyDictionary<int, ScoredRows> second) =>
        FigureComparison.Of(first, second, s_options, TestContext.Current.CancellationToken);

    private static Interval LogLoss(Dictionary<int, ScoredRows> first, Dictionary<int, ScoredRows> second) =>
        Compare(first, second).Single(d => d is { Figure: Figure.LogLoss, Scenario: "all rows" }).Interval!;

    private static double Width(Interval interval) => interval.High - interval.Low;

    private static IReadOnlyList<ScenarioMetrics> All(ScoredRows rows) => Metrics.Of(rows) is var metrics ? [.. metrics.Scenarios, metrics.Overall] : [];

    private static Dictionary<int, ScoredRows> Run(double error, int model = 1) => new() { [1] = Rows(error, model) };

    private static ScoredRows Rows(double error, int model) => SampleScores.Of(1, model, error);
}
