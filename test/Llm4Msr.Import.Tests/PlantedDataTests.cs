namespace Llm4Msr.Import.Tests;

public class PlantedDataTests
{
    [Fact]
    public void TheSeedDecidesEverything()
    {
        Assert.Equal(Clicks(1), Clicks(1));
        Assert.NotEqual(Clicks(1), Clicks(2));

        static List<(int, int, bool)> Clicks(int seed) =>
            [.. PlantedData.Generate(new PlantedOptions { Users = 20, Seed = seed }).Raw.Interactions.Select(i => (i.User, i.Item, i.Clicked))];
    }

    [Fact]
    public void UsersClickWhatTheyLikeInAScenarioAndLittleElse()
    {
        var planted = PlantedData.Generate(new PlantedOptions { Users = 200 });

        var clicked = planted.Raw.Interactions.ToLookup(i => planted.Interests[i.User].LikedIn(i.Scenario).Contains(planted.TopicOfItem[i.Item]), i => i.Clicked ? 1.0 : 0);

        Assert.InRange(clicked[true].Average(), 0.7, 0.9);
        Assert.InRange(clicked[false].Average(), 0.004, 0.02); // a logit of -4.5 and less in later scenarios
    }

    [Fact]
    public void ATitleHoldsANounOfItsTopicAndOfNoOther()
    {
        var planted = PlantedData.Generate(new PlantedOptions { Users = 1 });
        var topicOfNoun = CatalogueWords.BuiltIn.Topics.SelectMany(topic => topic.Nouns.Select(noun => (noun, topic.Name))).ToDictionary(StringComparer.Ordinal);

        Assert.All(planted.Raw.ItemWords.Zip(planted.TopicOfItem), item =>
            Assert.Equal(planted.Topics[item.Second], topicOfNoun[item.First.Title.Split(' ')[1]]));
    }

    [Fact]
    public void InterestsAreCommonOrDistinctAndNeverBoth()
    {
        var planted = PlantedData.Generate(new PlantedOptions { Users = 200 });

        Assert.All(planted.Interests, interests =>
        {
            int[] all = [.. interests.Common, .. interests.Distinct.SelectMany(topics => topics)];
            Assert.Equal(all.Length, all.Distinct().Count());
            Assert.InRange(interests.Common.Count, 1, 2);
            Assert.Equal(all.Length - interests.Common.Count, interests.Vector(planted.Topics.Count).Count(x => x is > 0.3f and < 0.4f));
        });
    }
}
