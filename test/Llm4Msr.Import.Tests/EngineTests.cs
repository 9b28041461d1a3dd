using System.Globalization;
using System.Text.Json;
using Llm4Msr.Data;
using Llm4Msr.Import.Configuration;
using Llm4Msr.Import.Engine;
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
        Assert.Equal(Counts("memory"), Counts("data"));

        string Counts(string folder) => InteractionDataset.Describe(_scratch[folder]) is var d ? JsonSerializer.Serialize(new { d.All, d.Training, d.Parts, d.Fields }) : "";
    }

    /// <summary>More items than an aggregate of lists takes at once, and more of everything than a database of 80 MiB holds.</summary>
    [Fact]
    public void LogsLargerThanTheMemoryGiveTheSameBytes()
    {
        const int Items = 270_000, Rows = 150_000;
        const long Little = 160L << 20;
        var raw = Logs(7, numericIds: true, users: 1000, Items, Rows, more: new string('o', 300));
        var configuration = Configuration(raw, new SplitOptions());
        DurableFile.WriteFolder(_scratch["memory"], folder => PreparedDataWriter.Write(folder, raw, configuration.Split, minCount: 3));

        var spilled = false;
        Imports.Run(_scratch, configuration, memory: Little, look: scratch => spilled |= Directory.Exists(Path.Combine(scratch, "spilled")));

        var (expected, found) = (Imports.Hashes(_scratch["memory"]), Imports.Hashes(_scratch["data"]));
        Assert.All(expected.Keys.Except(["data.json", FolderManifest.FileName]), file => Assert.Equal((file, expected[file]), (file, found[file])));
        Assert.True(spilled);
    }

    [Fact]
    public void ABatchTakesNoMoreRowsFromTheDatabaseThanItHolds()
    {
        const int Rows = 5000, VectorRows = 2048;
        using var database = new DuckDb(new DuckDbLimits(64L << 20, 1, _scratch.Root, []));
        var taken = 0;
        IEnumerable<Chunk> Counted()
        {
            foreach (var chunk in database.Stream("SELECT CAST(range AS INTEGER), 'text ' || range FROM range(100000)"))
            {
                taken += chunk.Rows;
                yield return chunk;
            }
        }

        var (batches, given) = (0, 0);
        foreach (var batch in RecordBatches.Of(["number", "text"], Rows, Counted()))
        {
            given += batch.Length;
            batches++;
            Assert.InRange(taken, given, given + VectorRows);
            var numbers = (Apache.Arrow.Int32Array)batch.Column("number");
            Assert.Equal((given - batch.Length, given - 1), (numbers.GetValue(0), numbers.GetValue(batch.Length - 1)));
            Assert.Equal($"text {given - 1}", ((Apache.Arrow.StringArray)batch.Column("text")).GetString(batch.Length - 1));
        }
        Assert.Equal((20, 100_000), (batches, given));
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
    private static RawData Logs(int seed, bool numericIds, int users = 40, int items = 50, int rows = 900, string more = "")
    {
        var random = new Random(seed);
        string[] cities = ["Köln", "New \"York\"", "a, b", "two\nlines", "😀", "\uFFFDx", " "];
        string Id(int k, int count) => numericIds ? (k * 7L % count).ToString(CultureInfo.InvariantCulture) : $"{(char)('a' + k % 3)}{(k % 2 == 0 ? "😀" : "\uFFFD")}{k}"; // bytes order these two otherwise than halves of characters do
        var (userIds, itemIds) = (Enumerable.Range(0, users).Select(k => Id(k, items)).ToArray(), Enumerable.Range(0, items).Select(k => Id(k, items)).ToArray());
        return new RawData(
            "log", new PlatformDescription("Sample", "a place for tests", "people", "things", "liked"),
            [new Scenario("search", "people look"), new Scenario("feed", "people browse")],
            new RawEntities(userIds, [new RawField("city", false, [.. userIds.Select(_ => cities[random.Next(cities.Length)].Trim() is { Length: > 0 } city ? (string[])[city] : [])])]),
            new RawEntities(itemIds, [new RawField("topics", true, [.. itemIds.Select(_ => Enumerable.Range(0, random.Next(4)).Select(t => $"t{random.Next(6)}").ToArray())])]),
            [.. itemIds.Select((item, k) => new ItemWords($"Thing {item}{more}", k % 3 == 0 ? "" : $"kind, {k % 3}"))],
            [.. Enumerable.Range(0, rows).Select(_ => new RawInteraction(
                random.Next(2), random.Next(users), random.Next(items), random.Next(2) == 0, random.Next(3) == 0, 1_000_000 + random.Next(40), [random.Next(3) == 0 ? "" : $"h{random.Next(9)}"]))],
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
