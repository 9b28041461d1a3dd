using Llm4Msr.Evaluation;

namespace Llm4Msr.Tests.Evaluation;

public class KnowledgeVerdictTests
{
    private const double Sharp = 0.004, Blunt = 0.02; // smallest detectable differences on either side of the smallest gain

    [Fact]
    public void AheadOfEveryControlIsYes()
    {
        var verdict = Of(("none", 0.001, 0.02, Blunt), ("shuffled", 0.002, 0.02, Blunt), ("random", 0.001, 0.03, Sharp));

        Assert.Equal(KnowledgeGain.Yes, verdict.Gain);
        Assert.Equal(["none", "shuffled", "random"], verdict.Deciding);
    }

    [Fact]
    public void BehindOneControlIsNoHoweverFarAheadOfTheOthers()
    {
        var verdict = Of(("none", 0.05, 0.1, Sharp), ("shuffled", -0.03, -0.01, Blunt));

        Assert.Equal(KnowledgeGain.No, verdict.Gain);
        Assert.Equal(["shuffled"], verdict.Deciding);
    }

    [Fact]
    public void OneControlThatDoesAsWellIsEnoughForANo()
    {
        var verdict = Of(("none", -0.01, 0.02, Blunt), ("shuffled", 0.01, 0.02, Blunt), ("constant", -0.002, 0.002, Sharp));

        Assert.Equal(KnowledgeGain.No, verdict.Gain);
        Assert.Equal(["constant"], verdict.Deciding);
    }

    [Theory]
    [InlineData(Sharp, KnowledgeGain.No)]
    [InlineData(Blunt, KnowledgeGain.NotShown)]
    [InlineData(KnowledgeVerdict.DefaultSmallestGain, KnowledgeGain.NotShown)]
    public void EqualIsNoOnlyWhereTheRowsWouldHaveShownAGain(double smallestDetectable, KnowledgeGain gain)
    {
        var verdict = Of(("none", 0.01, 0.02, Blunt), ("shuffled", -0.002, 0.003, smallestDetectable));

        Assert.Equal(gain, verdict.Gain);
        Assert.Equal(["shuffled"], verdict.Deciding);
    }

    [Fact]
    public void WithoutAnIntervalNothingIsShown()
    {
        var without = new ControlDifference("none", new AucDifference("mean", 0.6, 0.7, 0.1, null, null, null, null, "too few users"));

        Assert.Equal(KnowledgeGain.NotShown, KnowledgeVerdict.Of([without]).Gain);
    }

    [Fact]
    public void WhoeverAsksSaysWhichGainMatters() =>
        Assert.Equal(KnowledgeGain.No, KnowledgeVerdict.Of([Difference(("none", -0.01, 0.01, Blunt))], smallestGain: 0.03).Gain);

    private static KnowledgeVerdict Of(params (string Control, double Low, double High, double SmallestDetectable)[] controls) =>
        KnowledgeVerdict.Of([.. controls.Select(Difference)]);

    private static ControlDifference Difference((string Control, double Low, double High, double SmallestDetectable) c) =>
        new(c.Control, new AucDifference("mean", 0.6, 0.6, (c.Low + c.High) / 2, new Interval(c.Low, c.High), 0.001, c.SmallestDetectable, null, null));
}
