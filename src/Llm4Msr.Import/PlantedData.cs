using System.Globalization;
using Llm4Msr.Data;
using Llm4Msr.Platform;

namespace Llm4Msr.Import;

/// <summary>How much to plant.</summary>
public sealed record PlantedOptions
{
    public int Users { get; init; } = 2000;

    public int Items { get; init; } = 300;

    /// <summary>Mean number of interactions per user; the activity of users is skewed.</summary>
    public int InteractionsPerUser { get; init; } = 60;

    /// <summary>Decides the catalogue and everything that happens in it.</summary>
    public int Seed { get; init; } = 1;
}

/// <summary>Generated logs of one catalogue and the truth behind them.</summary>
/// <param name="Topics">Names of the catalogue's topics, in the vocabulary's order.</param>
/// <param name="TopicOfItem">For each item the row of its topic.</param>
/// <param name="Interests">For each user what was planted.</param>
public sealed record PlantedData(
    RawData Raw, IReadOnlyList<string> Topics, IReadOnlyList<int> TopicOfItem, IReadOnlyList<PlantedInterests> Interests)
{
    private const int TopicCount = 8, NounsPerTopic = 8, ScenarioCount = 3;
    private const double ShownByInterest = 0.7, LogitOfInterest = 1.6, LogitOfNone = -4.5, ScenarioTaste = 0.3, Popularity = 0.3, LessPerScenario = 0.25;

    /// <summary>
    /// A platform, three scenarios, eight topics and their nouns are drawn from the closed vocabulary; titles are made of them.
    /// Users are shown more of what they like in a scenario than of the rest, as platforms do, and click most of what they like
    /// and little else. Each scenario has a taste and a click rate of its own, and items are popular to different degrees; ids
    /// and regions say nothing about interests.
    /// </summary>
    public static PlantedData Generate(PlantedOptions options)
    {
        var random = new Random(options.Seed);
        var words = CatalogueWords.BuiltIn;
        var platform = words.Platforms[random.Next(words.Platforms.Count)];
        var scenarios = Drawn(words.Scenarios, ScenarioCount, random);
        TopicWords[] topics = [.. Drawn(words.Topics, TopicCount, random).Select(topic => topic with { Nouns = Drawn(topic.Nouns, NounsPerTopic, random) })];
        var catalogue = new Catalogue(
            [.. Enumerable.Range(0, options.Items).Select(item => item % TopicCount)],
            [.. Enumerable.Range(0, options.Items).Select(_ => Popularity * Normal(random))],
            [.. scenarios.Select(_ => topics.Select(_ => ScenarioTaste * Normal(random)).ToArray())]);
        ItemWords[] itemWords = [.. catalogue.TopicOfItem.Select(topic => new ItemWords($"{One(words.Manners, random)} {One(topics[topic].Nouns, random)}", One(words.Kinds, random)))];
        PlantedInterests[] interests = [.. Enumerable.Range(0, options.Users).Select(_ => PlantedInterests.Draw(TopicCount, ScenarioCount, random))];
        var interactions = interests.SelectMany((own, user) => Visits(user, own, catalogue, options.InteractionsPerUser, random)).ToList();

        var raw = new RawData(
            "planted",
            platform,
            scenarios,
            new RawEntities(Keys(options.Users), [new RawField("region", false, [.. interests.Select(_ => new[] { $"region {random.Next(5)}" })])]),
            new RawEntities(Keys(options.Items), [new RawField("topic", false, [.. catalogue.TopicOfItem.Select(topic => new[] { topics[topic].Name })])]),
            itemWords,
            interactions,
            ContextFields: [],
            Inputs: new Dictionary<string, FileFacts> { ["generator"] = new(0, FileHash.Of(options.ToString())) });
        return new PlantedData(raw, [.. topics.Select(topic => topic.Name)], catalogue.TopicOfItem, interests);
    }

    /// <param name="Tastes">By scenario and topic, added to the logit of a click.</param>
    private sealed record Catalogue(int[] TopicOfItem, double[] PopularityOfItem, double[][] Tastes);

    private static IEnumerable<RawInteraction> Visits(int user, PlantedInterests interests, Catalogue catalogue, int meanCount, Random random)
    {
        var count = Math.Max(meanCount / 2, (int)(meanCount * Math.Exp(0.4 * Normal(random) - 0.08)));
        for (var k = 0; k < count; k++)
        {
            var scenario = random.Next(ScenarioCount);
            var liked = interests.LikedIn(scenario);
            var topic = random.NextDouble() < ShownByInterest ? One(liked, random) : random.Next(TopicCount);
            var item = topic + TopicCount * random.Next((catalogue.TopicOfItem.Length - topic + TopicCount - 1) / TopicCount);
            var logit = (liked.Contains(topic) ? LogitOfInterest : LogitOfNone)
                + catalogue.Tastes[scenario][topic] + catalogue.PopularityOfItem[item] - LessPerScenario * scenario;
            var clicked = random.NextDouble() < 1 / (1 + Math.Exp(-logit));
            yield return new RawInteraction(scenario, user, item, clicked, clicked, 1_700_000_000 + k * 3600L + random.Next(3600), []);
        }
    }

    /// <summary>Some of a list, in the list's order.</summary>
    private static T[] Drawn<T>(IReadOnlyList<T> all, int count, Random random)
    {
        int[] order = [.. Enumerable.Range(0, all.Count)];
        random.Shuffle(order);
        return [.. order.Take(count).Order().Select(k => all[k])];
    }

    private static T One<T>(IReadOnlyList<T> all, Random random) => all[random.Next(all.Count)];

    private static string[] Keys(int count) => [.. Enumerable.Range(1, count).Select(k => k.ToString(CultureInfo.InvariantCulture))];

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
