using Llm4Msr.Data;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Tests;

/// <summary>Small made-up logs with everything a real one has: three scenarios, lists, missing values, equal times, a context field.</summary>
internal static class SampleData
{
    public static readonly Scenario[] Scenarios = [new("search", "people look for something"), new("feed", "people browse"), new("shop", "")];

    private static readonly string[] s_topics = ["cooking", "music", "travel", "sport", "craft"];

    public static RawData Raw(int seed = 1, int users = 30, int items = 40, int interactions = 1200, Func<RawInteraction, RawInteraction>? change = null)
    {
        var random = new Random(seed);
        var taste = Enumerable.Range(0, users).Select(_ => random.Next(s_topics.Length)).ToArray();
        var topic = Enumerable.Range(0, items).Select(_ => random.Next(s_topics.Length)).ToArray();
        var rows = Enumerable.Range(0, interactions).Select(_ =>
        {
            var (user, item) = (random.Next(users), random.Next(items));
            var clicked = random.NextDouble() < (taste[user] == topic[item] ? 0.9 : 0.1 + 0.15 * topic[item]);
            // Few distinct seconds, so that the order of equal times matters.
            return new RawInteraction(random.Next(3), user, item, clicked, clicked && random.Next(4) > 0, 1_000_000 + random.Next(200), [random.Next(3) == 0 ? "" : "morning"]);
        }).Select(change ?? (row => row)).ToList();
        return new RawData(
            "sample",
            new PlatformDescription("Sample", "a place for tests", "people", "things", "liked"),
            Scenarios,
            new RawEntities([.. Enumerable.Range(1, users).Reverse().Select(u => $"{u}")],
                [new RawField("age_group", false, [.. Enumerable.Range(0, users).Select(u => u % 7 == 0 ? (string[])[] : [$"{u % 4}0s"])])]),
            new RawEntities([.. Enumerable.Range(1, items).Select(i => $"item-{i}")],
                [new RawField("topics", true, [.. topic.Select((t, i) => i % 9 == 0 ? (string[])[] : i % 3 == 0 ? [s_topics[t], s_topics[(t + 1) % 5]] : [s_topics[t]])])]),
            [.. topic.Select((t, i) => new ItemWords($"Thing {i + 1}", s_topics[t]))],
            rows,
            ["daytime"],
            new Dictionary<string, FileFacts> { ["log.csv"] = new(12, FileHash.Of("log")) });
    }

    public static InteractionDataset Prepared(ScratchFolder scratch, RawData? raw = null, SplitOptions? split = null)
    {
        var folder = scratch[$"data-{Guid.NewGuid():N}"];
        DurableFile.WriteFolder(folder, f => PreparedDataWriter.Write(f, raw ?? Raw(), split ?? new SplitOptions()));
        return InteractionDataset.Open(folder);
    }
}
