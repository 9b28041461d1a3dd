using Llm4Msr.Data;

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
    public void KnowledgeTellsWhatAUserClicks()
    {
        var planted = PlantedData.Generate(new PlantedOptions { Users = 200 });

        // Users whose knowledge is alike click alike: compare click rates per topic of nearest and farthest users.
        var rates = ClickRates(planted.Raw);
        double near = 0, far = 0;
        for (var user = 0; user < 200; user++)
        {
            var order = Enumerable.Range(0, 200).Where(o => o != user)
                .OrderByDescending(o => planted.UserKnowledge[user].Zip(planted.UserKnowledge[o], (a, b) => a * b).Sum()).ToList();
            near += Agreement(rates[user], rates[order[0]]);
            far += Agreement(rates[user], rates[order[^1]]);
        }
        Assert.True(near > far + 20, $"nearest {near:F1}, farthest {far:F1}");

        static double Agreement(double[] one, double[] other) => one.Zip(other, (a, b) => (a - 0.4) * (b - 0.4)).Sum() * 10;
    }

    private static double[][] ClickRates(RawData raw)
    {
        var topics = raw.ItemWords.Select(w => w.Category.Split('/')[0]).Distinct().Order(StringComparer.Ordinal).ToList();
        var own = raw.Interactions.ToLookup(i => i.User);
        return [.. Enumerable.Range(0, raw.Users.Keys.Count).Select(user => topics
            .Select(topic => own[user].Where(i => raw.ItemWords[i.Item].Category.StartsWith(topic, StringComparison.Ordinal)).Select(i => i.Clicked ? 1.0 : 0).DefaultIfEmpty(0.4).Average())
            .ToArray())];
    }
}
