using Llm4Msr.Data;

namespace Llm4Msr.Import.Tests;

public class InterestSummaryTests
{
    private static readonly Scenario[] s_scenarios = [new("search", ""), new("gift shop", "")];

    private static readonly string[] s_topics = ["baking", "jazz", "chess"];

    private static readonly PlantedInterests s_interests = new([0, 1], [[], [2]]);

    [Fact]
    public void InterestsAreSaidInTheVocabularysOrder() => Assert.Equal(
        "The common interest is baking and jazz. In search, the distinct interest is none. In gift shop, the distinct interest is chess.",
        InterestSummary.Of(s_interests, s_topics).Text(s_scenarios));

    [Fact]
    public void WhatIsSaidIsReadBack()
    {
        var summary = InterestSummary.Of(s_interests, s_topics);

        Assert.Equal(summary.Statements(), InterestSummary.Parse(summary.Text(s_scenarios), s_scenarios).Statements());
    }

    [Fact]
    public void WhatIsNotSeenIsNotSaid() => Assert.Equal(
        "The common interest is jazz. In search, the distinct interest is none. In gift shop, the distinct interest is none.",
        InterestSummary.Of(s_interests, s_topics, (topic, scenario) => (topic, scenario) == (1, 0)).Text(s_scenarios));

    [Fact]
    public void ATextOfAnotherFormSaysNothing() =>
        Assert.Empty(InterestSummary.Parse("This user likes baking. In search, jazz.", s_scenarios).Statements());

    [Fact]
    public void APlaceCountsInTheScore()
    {
        var said = InterestSummary.Parse("The common interest is baking. In search, the distinct interest is chess.", s_scenarios);

        Assert.Equal(new SummaryScore(Stated: 2, Planted: 3, Both: 1), SummaryScore.Of([(said, InterestSummary.Of(s_interests, s_topics))]));
    }
}
