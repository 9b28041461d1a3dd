using System.Globalization;
using Llm4Msr.Data;
using Llm4Msr.Import.Configuration;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Import.Tests;

/// <summary>The import through the database gives what the plain definition in memory gives, byte for byte.</summary>
public sealed class EngineTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(1, SplitKind.User, false)]
    [InlineData(2, SplitKind.Global, true)]
    [InlineData(3, SplitKind.UserHoldout, false)]
    [InlineData(4, SplitKind.User, true)]
    public void TheImportAgreesWithTheDefinitionInMemory(int seed, SplitKind split, bool numericIds)
    {
        var raw = Logs(seed, numericIds);
        var options = new SplitOptions(split);
        DurableFile.WriteFolder(_scratch["memory"], folder => PreparedDataWriter.Write(folder, raw, options, minCount: 3));

        Imports.Run(_scratch, Configuration(raw, options));

        var (expected, found) = (Imports.Hashes(_scratch["memory"]), Imports.Hashes(_scratch["data"]));
        Assert.Equal(expected.Keys, found.Keys);
        Assert.All(expected.Keys.Except(["data.json", FolderManifest.FileName]), file => Assert.Equal((file, expected[file]), (file, found[file])));
    }

    [Fact]
    public void ReadingAgainGivesTheSameBytes()
    {
        var raw = Logs(5, numericIds: true);
        var configuration = Configuration(raw, new SplitOptions());
        Imports.Run(_scratch, configuration);
        Imports.Run(_scratch, configuration, output: "again");

        Assert.Equal(Imports.Hashes(_scratch["data"]), Imports.Hashes(_scratch["again"]));
    }

    [Fact]
    public void UnderTheGlobalCutTheLastTrainingRankComesBeforeTheFirstValidationRank()
    {
        var description = Imports.Run(_scratch, Configuration(Logs(6, numericIds: false), new SplitOptions(SplitKind.Global))).Description;

        Assert.Equal(description.Parts[Part.Training].LastRank + 1, description.Parts[Part.Validation].FirstRank);
        Assert.Equal(description.Parts[Part.Validation].LastRank + 1, description.Parts[Part.Test].FirstRank);
    }

    /// <summary>Equal times, ids in any order, commas, quotes, line ends and letters beyond ASCII in the values, users without a row.</summary>
    private static RawData Logs(int seed, bool numericIds)
    {
        var random = new Random(seed);
        string[] cities = ["Köln", "New \"York\"", "a, b", "two\nlines", "😀", "\uFFFDx", " "];
        string Id(int k) => numericIds ? (k * 7 % 50).ToString(CultureInfo.InvariantCulture) : $"{(char)('a' + k % 3)}{(k % 2 == 0 ? "😀" : "\uFFFD")}{k}"; // bytes order these two otherwise than halves of characters do
        var (users, items) = (Enumerable.Range(0, 40).Select(Id).ToArray(), Enumerable.Range(0, 50).Select(Id).ToArray());
        return new RawData(
            "log", new PlatformDescription("Sample", "a place for tests", "people", "things", "liked"),
            [new Scenario("search", "people look"), new Scenario("feed", "people browse")],
            new RawEntities(users, [new RawField("city", false, [.. users.Select(_ => cities[random.Next(cities.Length)].Trim() is { Length: > 0 } city ? (string[])[city] : [])])]),
            new RawEntities(items, [new RawField("topics", true, [.. items.Select(_ => Enumerable.Range(0, random.Next(4)).Select(t => $"t{random.Next(6)}").ToArray())])]),
            [.. items.Select((item, k) => new ItemWords($"Thing {item}", k % 3 == 0 ? "" : $"kind, {k % 3}"))],
            [.. Enumerable.Range(0, 900).Select(_ => new RawInteraction(
                random.Next(2), random.Next(users.Length), random.Next(items.Length), random.Next(2) == 0, random.Next(3) == 0, 1_000_000 + random.Next(40), [random.Next(3) == 0 ? "" : $"h{random.Next(9)}"]))],
            ["hour"],
            new Dictionary<string, FileFacts>());
    }

    private ImportConfiguration Configuration(RawData raw, SplitOptions split)
    {
        Write("log.csv", "place,who,what,click,like,at,hour", raw.Interactions.Select(i => new[]
        {
            i.Scenario == 0 ? "S" : "F", raw.Users.Keys[i.User], raw.Items.Keys[i.Item], i.Clicked ? "1" : "0", i.Positive ? "yes" : "no",
            i.Time.ToString(CultureInfo.InvariantCulture), i.Context[0],
        }));
        Write("users.csv", "id,city", raw.Users.Keys.Select((key, k) => new[] { key, raw.Users.Fields[0].Values[k].FirstOrDefault("") }));
        Write("items.csv", "id,name,kind,topics", raw.Items.Keys.Select((key, k) => new[]
        {
            key, raw.ItemWords[k].Title, raw.ItemWords[k].Category, string.Join('|', raw.Items.Fields[0].Values[k]),
        }));
        return new ImportConfiguration
        {
            Name = raw.Source,
            Platform = raw.Platform,
            Scenarios = raw.Scenarios,
            Split = split,
            MinCount = 3,
            KeepUnmet = true,
            MaxRejected = 0,
            Interactions =
            [
                new InteractionSource
                {
                    File = "log.csv", Scenario = new ScenarioRule(Column: "place", Names: new Dictionary<string, string> { ["S"] = "search", ["F"] = "feed" }),
                    User = "who", Item = "what", Label = "click", Positive = "\"like\" = 'yes'", Time = new TimeColumn("at"), Context = [new FeatureSource { Name = "hour" }],
                },
            ],
            Users = [new EntitySource { File = "users.csv", Key = "id", Features = [new FeatureSource { Name = "city" }] }],
            Items =
            [
                new EntitySource
                {
                    File = "items.csv", Key = "id", Title = ["name"], Category = ["kind"],
                    Features = [new FeatureSource { Name = "topics", Kind = FeatureKind.MultiValued, Separator = "|" }],
                },
            ],
        };
    }

    private void Write(string file, string header, IEnumerable<string[]> rows) => File.WriteAllText(_scratch[file],
        header + "\n" + string.Concat(rows.Select(row => string.Join(',', row.Select(v => $"\"{v.Replace("\"", "\"\"", StringComparison.Ordinal)}\"")) + "\n")));
}
