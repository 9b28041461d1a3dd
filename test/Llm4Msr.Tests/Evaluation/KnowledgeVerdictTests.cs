using Llm4Msr.Evaluation;

namespace Llm4Msr.Tests.Evaluation;

public class KnowledgeVerdictTests
{
    [Fact]
    public void AheadOfEveryControlIsYes()
    {
        var verdict = Of(("none", 0.001, 0.02), ("shuffled", 0.002, 0.02), ("random", 0.001, 0.03));

        Assert.Equal(KnowledgeGain.Yes, verdict.Gain);
        Assert.Equal(["none", "shuffled", "random"], verdict.Deciding);
    }

    [Fact]
    public void BehindOneControlIsNoHoweverFarAheadOfTheOthers()
    {
        var verdict = Of(("none", 0.05, 0.1), ("shuffled", -0.03, -0.01));

        Assert.Equal(KnowledgeGain.No, verdict.Gain);
        Assert.Equal(["shuffled"], verdict.Deciding);
    }

    [Fact]
    public void OneControlThatDoesAsWellIsEnoughForANo()
    {
        var verdict = Of(("none", -0.01, 0.02), ("shuffled", 0.01, 0.02), ("constant", -0.002, 0.002));

        Assert.Equal(KnowledgeGain.No, verdict.Gain);
        Assert.Equal(["constant"], verdict.Deciding);
    }

    [Theory]
    [InlineData(-0.002, 0.0049, KnowledgeGain.No)]
    [InlineData(-0.002, KnowledgeVerdict.DefaultSmallestGain, KnowledgeGain.NotShown)]
    [InlineData(-0.002, 0.0051, KnowledgeGain.NotShown)]
    [InlineData(0, 0.0049, KnowledgeGain.No)]
    public void EqualIsNoOnlyWhereTheIntervalRulesOutAGainThatMatters(double low, double high, KnowledgeGain gain)
    {
        var verdict = Of(("none", 0.01, 0.02), ("shuffled", low, high));

        Assert.Equal(gain, verdict.Gain);
        Assert.Equal(["shuffled"], verdict.Deciding);
    }

    /// <summary>Rows that would have shown the smallest gain four times of five, and yet may hide it: the interval decides.</summary>
    [Theory]
    [InlineData(0.0034, KnowledgeGain.NotShown)]
    [InlineData(0.0014, KnowledgeGain.No)]
    public void AGainInsideTheIntervalIsNotRuledOutHoweverSharpTheRows(double estimate, KnowledgeGain gain)
    {
        const double Error = 0.00178, Detectable = 2.8 * Error;
        var difference = new AucDifference("mean", 0.6, 0.6 + estimate, estimate, new Interval(estimate - 1.96 * Error, estimate + 1.96 * Error), Error, Detectable, null, null);

        Assert.True(Detectable < KnowledgeVerdict.DefaultSmallestGain);
        Assert.Equal(gain, KnowledgeVerdict.Of([new ControlDifference("none", difference)]).Gain);
    }

    [Fact]
    public void WithoutAnIntervalNothingIsShown()
    {
        var without = new ControlDifference("none", new AucDifference("mean", 0.6, 0.7, 0.1, null, null, null, null, "too few users"));

        Assert.Equal(KnowledgeGain.NotShown, KnowledgeVerdict.Of([without]).Gain);
    }

    [Fact]
    public void WhoeverAsksSaysWhichGainMatters() =>
        Assert.Equal(KnowledgeGain.No, KnowledgeVerdict.Of([Difference(("none", -0.01, 0.01))], smallestGain: 0.03).Gain);

    private static KnowledgeVerdict Of(params (string Control, double Low, double High)[] controls) =>
        KnowledgeVerdict.Of([.. controls.Select(Difference)]);

    private static ControlDifference Difference((string Control, double Low, double High) c) =>
        new(c.Control, new AucDifference("mean", 0.6, 0.6, (c.Low + c.High) / 2, new Interval(c.Low, c.High), 0.001, 0.0028, null, null));
}
