using System.Globalization;
using Llm4Msr.Data;
using Llm4Msr.Platform;

namespace Llm4Msr.Import;

/// <summary>How much to plant.</summary>
public sealed record PlantedOptions
{
    public int Users { get; init; } = 1500;

    public int Items { get; init; } = 300;

    /// <summary>Mean number of interactions per user; the activity of users is skewed.</summary>
    public int InteractionsPerUser { get; init; } = 40;

    /// <summary>Width of the planted knowledge vectors.</summary>
    public int KnowledgeWidth { get; init; } = 64;

    public int Seed { get; init; } = 1;
}

/// <summary>Generated logs and the truth behind them.</summary>
/// <param name="UserKnowledge">
/// For each user what an ideal language model would know: the planted interests, seen through a fixed random map with a
/// little noise.
/// </param>
public sealed record PlantedData(RawData Raw, IReadOnlyList<float[]> UserKnowledge, IReadOnlyList<float[]> ScenarioKnowledge)
{
    private const double InterestStrength = 1.6, ScenarioTaste = 0.8, KnowledgeNoise = 0.1;

    private static readonly string[] s_topics = ["bread", "gardens", "jazz", "cycling", "pottery", "chess", "sailing", "robots"];
    private static readonly string[] s_kinds = ["A short guide to", "The big book of", "Evenings with", "First steps in", "Secrets of", "A year of"];

    private static readonly Scenario[] s_scenarios =
    [
        new("search", "people type what they look for"),
        new("feed", "people scroll through what is suggested"),
        new("gift shop", "people look for something to give away"),
    ];

    /// <summary>
    /// Users click what matches their interests. Each scenario has a taste and a click rate of its own, and items are
    /// popular to different degrees; ids, ages and regions say nothing about interests.
    /// </summary>
    public static PlantedData Generate(PlantedOptions options)
    {
        var random = new Random(options.Seed);
        var interests = Vectors(options.Users, s_topics.Length, 1, random);
        var tastes = Vectors(s_scenarios.Length, s_topics.Length, ScenarioTaste, random);
        var items = Enumerable.Range(0, options.Items).Select(_ => PlantItem(random)).ToArray();
        var interactions = Enumerable.Range(0, options.Users).SelectMany(user => Visits(user, options, interests[user], tastes, items, random)).ToList();

        var raw = new RawData(
            "planted",
            new PlatformDescription("Planted", "a generated catalogue of books about hobbies", "readers", "books", "clicked"),
            s_scenarios,
            new RawEntities(Keys(options.Users), [new RawField("region", false, [.. Enumerable.Range(0, options.Users).Select(_ => new[] { $"region {random.Next(5)}" })])]),
            new RawEntities(Keys(options.Items), [new RawField("topics", true, [.. items.Select(i => i.Topics.Select(t => s_topics[t]).ToArray())])]),
            [.. items.Select((item, k) => new ItemWords($"{s_kinds[k % s_kinds.Length]} {s_topics[item.Topics[0]]}", string.Join('/', item.Topics.Select(t => s_topics[t]))))],
            interactions,
            ContextFields: [],
            Inputs: new Dictionary<string, FileFacts> { ["generator"] = new(0, FileHash.Of(options.ToString())) });

        var map = Vectors(options.KnowledgeWidth, s_topics.Length, 1 / Math.Sqrt(s_topics.Length), random);
        return new PlantedData(
            raw,
            [.. interests.Select(interest => Seen(interest, map, random))],
            [.. tastes.Select(taste => Seen(taste, map, random))]);
    }

    private sealed record Item(int[] Topics, double Popularity);

    private static Item PlantItem(Random random)
    {
        var first = random.Next(s_topics.Length);
        int[] topics = random.Next(3) == 0 ? [first, (first + 1 + random.Next(s_topics.Length - 1)) % s_topics.Length] : [first];
        return new Item(topics, 0.5 * Normal(random));
    }

    private static IEnumerable<RawInteraction> Visits(int user, PlantedOptions options, float[] interest, float[][] tastes, Item[] items, Random random)
    {
        var count = Math.Max(10, (int)(options.InteractionsPerUser * Math.Exp(0.5 * Normal(random) - 0.125)));
        for (var k = 0; k < count; k++)
        {
            var scenario = random.Next(tastes.Length);
            var item = random.Next(items.Length);
            var match = items[item].Topics.Average(topic => interest[topic] + tastes[scenario][topic]);
            var logit = InterestStrength * match + items[item].Popularity - 0.5 * scenario;
            var clicked = random.NextDouble() < 1 / (1 + Math.Exp(-logit));
            yield return new RawInteraction(scenario, user, item, clicked, clicked, 1_700_000_000 + k * 3600L + random.Next(3600), []);
        }
    }

    private static float[] Seen(float[] truth, float[][] map, Random random) =>
        [.. map.Select(row => (float)(Math.Tanh(row.Zip(truth, (a, b) => a * b).Sum()) + KnowledgeNoise * Normal(random)))];

    private static float[][] Vectors(int count, int width, double deviation, Random random) =>
        [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, width).Select(_ => (float)(deviation * Normal(random))).ToArray())];

    private static string[] Keys(int count) => [.. Enumerable.Range(1, count).Select(k => k.ToString(CultureInfo.InvariantCulture))];

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
