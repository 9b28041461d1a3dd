using Llm4Msr.Evaluation;

namespace Llm4Msr.Tests.Evaluation;

public sealed class StoppingPointTests
{
    private const double Error = 0.002;

    [Fact]
    public void APolicyTakesThePlaceOfTheOneThatStandsAndIsTheNextOnesMeasure()
    {
        var stop = Of(0.70, 0.70, 0.72, 0.72, 0.75);

        Assert.Equal(4, stop.Recommended);
        Assert.Equal([(1, 0, false), (2, 0, true), (3, 2, false), (4, 2, true)], stop.Steps.Select(s => (s.Policy, s.Standing, s.Pays)));
    }

    [Fact]
    public void WhereNothingIsAheadNothingIsRecommended() => Assert.Equal(0, Of(0.70, 0.69, 0.703, 0.704).Recommended);

    [Fact]
    public void ADearerPolicyThatIsBehindIsNotStoppedAt() => Assert.Equal(1, Of(0.70, 0.72, 0.71).Recommended);

    [Fact]
    public void AGainThatDoesNotMatterPaysForNothingHoweverSure() =>
        Assert.Equal(0, StoppingPoint.Of(2, (_, _) => Difference(0.004, 0.0001), smallestGain: 0.005).Recommended);

    /// <summary>One policy has to be 1.96 standard errors ahead; each of ten 2.81.</summary>
    [Theory]
    [InlineData(2, 2.0, true)]
    [InlineData(2, 1.9, false)]
    [InlineData(11, 2.7, false)]
    [InlineData(11, 2.9, true)]
    public void TheMorePoliciesAreTriedTheSurerOneHasToBe(int policies, double errors, bool pays) =>
        Assert.Equal(pays, StoppingPoint.Of(policies, (_, policy) => Difference(policy == 1 ? errors * 0.01 : 0, 0.01), 0.005).Recommended == 1);

    [Fact]
    public void WithoutAnIntervalNothingPays()
    {
        var stop = StoppingPoint.Of(2, (_, _) => new AucDifference("mean", 0.6, 0.9, 0.3, null, null, null, null, "too few users"), 0.005);

        Assert.Equal((0, Worth.NotShown), (stop.Recommended, stop.Worth));
    }

    /// <summary>Gains of two policies of 0.005 or less, each known to two standard errors either way.</summary>
    [Theory]
    [InlineData(-0.005, -0.006, 0.002, Worth.Behind)]
    [InlineData(-0.005, 0.0005, 0.002, Worth.TooLittle)]
    [InlineData(-0.005, 0.0010, 0.002, Worth.NotShown)] // ends at the gain itself
    [InlineData(0.001, 0.0034, 0.00178, Worth.NotShown)] // rows that would have shown the gain four times of five, and yet may hide it
    [InlineData(0.001, 0.0034, 0.0007, Worth.TooLittle)]
    [InlineData(0.001, 0.0045, 0.0007, Worth.Ahead)]
    [InlineData(0.0042, 0.001, 0.002, Worth.NotShown)] // above zero by its interval, and not by more than chance explains in two tries
    [InlineData(0.006, 0.001, 0.002, Worth.Pays)]
    public void WhatIsShownFollowsFromTheUpperEndsOfTheIntervals(double first, double second, double error, Worth worth) =>
        Assert.Equal(worth, StoppingPoint.Of(3, (_, policy) => Difference(policy == 1 ? first : second, error), 0.005).Worth);

    [Fact]
    public void OfThoseThatAreAheadByTooLittleTheFurthestIsNamed()
    {
        Assert.Equal(2, StoppingPoint.Of(4, (_, policy) => Difference(policy == 2 ? 0.0045 : 0.0040, 0.0015), 0.005).BestAhead!.Policy);
        Assert.Null(Of(0.70, 0.703).BestAhead);
    }

    private static StoppingPoint Of(params double[] auc) => StoppingPoint.Of(auc.Length, (first, second) => Difference(auc[second] - auc[first], Error), 0.005);

    private static AucDifference Difference(double ahead, double error) =>
        new("mean", 0.7, 0.7 + ahead, ahead, new Interval(ahead - 2 * error, ahead + 2 * error), error, 3 * error, null, null);
}
