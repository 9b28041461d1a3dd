using Llm4Msr.Data;
using Llm4Msr.Platform;

namespace Llm4Msr.Import.Generator;

/// <summary>Generated data as an importer would have read them. All rows are objects in memory: for small scales.</summary>
internal static class GeneratedRawData
{
    public static RawData Of(GeneratedData data)
    {
        var (options, topics) = (data.Options, data.Options.Topics);
        ItemTopics[] items = [.. Enumerable.Range(0, options.AllItems).Select(data.Truth.Describe)];
        return new RawData(
            "generated",
            new PlatformDescription("Generated", "a generated collection of short videos", "viewers", "videos", "clicked"),
            [.. options.Scenarios.Select(s => new Scenario(s.Name, s.Description))],
            new RawEntities(Keys(options.Users),
            [
                .. options.Scenarios.Select((s, k) => Field($"activity in {s.Name}", options.Users, user => $"{data.Activity.Level(user, k)}")),
                Field("group", options.Users, user => $"{UserFeatures.Of(options, user).One}"),
                Field("segment", options.Users, user => $"{UserFeatures.Of(options, user).Other}"),
            ]),
            new RawEntities(Keys(options.AllItems),
            [
                new RawField("topics", true, [.. items.Select(i => TopicsOf(i).Select(t => topics[t].Name).ToArray())]),
                new RawField("words", true, [.. items.Select(WordsOf)]),
            ]),
            [.. items.Select(i => new ItemWords(string.Join(" and ", WordsOf(i)), string.Join('/', TopicsOf(i).Select(t => topics[t].Name))))],
            [.. data.Scenarios.SelectMany(Interactions)],
            ContextFields: [],
            Inputs: new Dictionary<string, FileFacts> { ["generator"] = new(0, FileHash.Of(TruthFiles.Text(options))) });

        string[] WordsOf(ItemTopics item) => item.Side < 0
            ? [topics[item.Main].Words[item.MainWord]]
            : [topics[item.Main].Words[item.MainWord], topics[item.Side].Words[item.SideWord]];
    }

    private static int[] TopicsOf(ItemTopics item) => item.Side < 0 ? [item.Main] : [item.Main, item.Side];

    private static IEnumerable<RawInteraction> Interactions(ScenarioRows rows, int scenario)
    {
        for (var user = 0; user + 1 < rows.FirstRow.Length; user++)
        {
            for (var row = rows.FirstRow[user]; row < rows.FirstRow[user + 1]; row++)
                yield return new RawInteraction(scenario, user, rows.Item[row], rows.Clicked[row], rows.Clicked[row], GeneratedData.Start + rows.Millisecond[row] / 1000, []);
        }
    }

    private static RawField Field(string name, int users, Func<int, string> value) =>
        new(name, false, [.. Enumerable.Range(0, users).Select(user => new[] { value(user) })]);

    private static string[] Keys(int count) => [.. Enumerable.Range(1, count).Select(k => k.ToString(System.Globalization.CultureInfo.InvariantCulture))];
}
