using System.Globalization;
using Llm4Msr.Data;
using Llm4Msr.Import.Configuration;
using Llm4Msr.Testing;

namespace Llm4Msr.Import.Tests;

/// <summary>What a configuration can ask for beside plain columns.</summary>
public sealed class RuleTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void NegativesAreItemsOfTheScenarioThatTheUserDidNotMeet()
    {
        var log = Log(Enumerable.Range(0, 200).Select(k => (User: k % 10, Item: k * 7 % 40 + (k % 2) * 100, Place: k % 2 == 0 ? "web" : "app", More: "1")), "bought");
        var configuration = log with { Negatives = new NegativeSampling(PerPositive: 3, Seed: 5) };

        var data = Imports.Run(_scratch, configuration);

        var rows = Enumerable.Range(0, data.Interactions.Count).Select(rank => (
            Scenario: data.Interactions.Scenario[rank], User: data.Interactions.User[rank], Item: data.Interactions.Item[rank],
            Clicked: data.Interactions.Clicked[rank], Positive: data.Interactions.Positive[rank], Time: data.Interactions.Time[rank])).ToList();
        var clicks = rows.Where(r => r.Clicked).ToList();
        var negatives = rows.Where(r => !r.Clicked).ToList();
        Assert.Equal(200, clicks.Count);
        Assert.Equal(600, negatives.Count);
        Assert.Equal(600, data.Description.Import!.AddedNegatives);
        Assert.Equal("3 per click, even over the items of the scenario that the user did not meet in it, seed 5", data.Description.Import.Sampling);
        Assert.All(negatives, n =>
        {
            Assert.False(n.Positive);
            Assert.DoesNotContain(clicks, c => (c.User, c.Item, c.Scenario) == (n.User, n.Item, n.Scenario));
            Assert.Contains(clicks, c => (c.Item, c.Scenario) == (n.Item, n.Scenario));
            Assert.Contains(clicks, c => (c.User, c.Scenario, c.Time) == (n.User, n.Scenario, n.Time));
        });
        var other = Imports.Run(_scratch, configuration with { Negatives = new NegativeSampling(3, 6) }, output: "other");
        Assert.NotEqual(data.Interactions.Item, other.Interactions.Item);
        Imports.Run(_scratch, configuration, output: "again");
        Assert.Equal(Imports.Hashes(_scratch["data"]), Imports.Hashes(_scratch["again"]));
    }

    /// <summary>In the web everybody met every item; in the app either of two users has one item left.</summary>
    [Fact]
    public void NegativesThatCannotBeDrawnAreWarnedOf()
    {
        var log = Log([.. Enumerable.Range(0, 20).Select(k => (k % 4, k % 5, "web", "1")), (0, 0, "app", "1"), (1, 1, "app", "1")], "bought");

        var data = Imports.Run(_scratch, log with { Negatives = new NegativeSampling() });

        Assert.Equal(2, data.Description.Import!.AddedNegatives);
        Assert.Contains("Only 2 of 88 negatives could be drawn, 4 for each click: the users have met nearly all items of their scenario. Ask for fewer (negatives.perPositive), or are scenarios too small?", data.Description.Import.Warnings);
    }

    [Fact]
    public void OnlyUsersOfEnoughScenariosAreKept()
    {
        var log = Log([(1, 1, "web", "1"), (1, 2, "app", "1"), (2, 1, "web", "1"), (3, 2, "app", "1"), (3, 3, "app", "0"), (1, 3, "web", "0")], "bought");

        var data = Imports.Run(_scratch, log with { MinScenarios = 2 });

        Assert.Equal(["1"], data.Encoder.Users.Keys);
        Assert.Equal(new SourceRows("log.csv", 6, 3, 0, 3, 0), Assert.Single(data.Description.Import!.Sources));
    }

    [Fact]
    public void AColumnMaySayThePartOfEachRow()
    {
        string[] parts = ["Training", "training", "validation", "test", "unused"];
        var log = Log(parts.Select((part, k) => (1, k, k % 2 == 0 ? "web" : "app", part)), "true");

        var data = Imports.Run(_scratch, log with
        {
            Split = new SplitOptions(SplitKind.Column),
            Interactions = [log.Interactions[0] with { Part = "rest", Label = "true" }],
        });

        Assert.Equal([Part.Training, Part.Training, Part.Validation, Part.Test, Part.Unused], data.Parts);
        Assert.DoesNotContain("part", File.ReadAllText(Path.Combine(_scratch["data"], "interactions.arrow")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "The validation part has 0 of 40 rows, 0 % where 10 % are meant: the split 'user' cuts each user's own rows, and 20 of 20 users have fewer than 6, of whom none falls into it. '--split global' cuts all rows at once.")]
    [InlineData(10, null)]
    public void APartFarFromItsShareIsWarnedOf(int rowsOfEach, string? warning)
    {
        var log = Log(Enumerable.Range(0, 20 * rowsOfEach).Select(k => (k % 20, k, k % 2 == 0 ? "web" : "app", "1")), "true");

        var warnings = Imports.Run(_scratch, log with { Split = new SplitOptions() }).Description.Import!.Warnings;

        Assert.Equal(warning is null ? [] : [warning], warnings.Where(w => w.StartsWith("The ", StringComparison.Ordinal)));
    }

    [Fact]
    public void RareValuesShareTheIndexOfUnseenOnesAndTheReportCountsThem()
    {
        var log = Log(Enumerable.Range(0, 100).Select(k => (k % 4, k % 2, k % 2 == 0 ? "web" : "app", k < 57 ? "common" : k < 60 ? "thrice" : k < 62 ? "rare" : k < 80 ? "" : k < 90 ? "new" : "common")), "true");

        var data = Imports.Run(_scratch, log with { MinCount = 3, Interactions = [log.Interactions[0] with { Label = "true", Context = [new FeatureSource { Name = "rest" }] }] });

        Assert.Equal(["common", "thrice"], data.Encoder.Vocabularies["rest"].Values);
        Assert.Equal(
            new FieldFrequency("rest", FieldOwner.Context, Known: 2, Rare: 1, TrainingWithout: 0.25, EvaluationWithout: 0.5),
            data.Description.Fields.Single(f => f.Name == "rest"));
    }

    [Fact]
    public void NumbersFallIntoBucketsOfTheTrainingPart()
    {
        // Training numbers 0 to 79; what comes later is beyond all of them and moves no edge.
        var log = Log(Enumerable.Range(0, 100).Select(k => (k % 4, k % 2, k % 2 == 0 ? "web" : "app", k == 50 ? "" : k < 80 ? $"{k}" : "5000")), "true");

        var data = Imports.Run(_scratch, log with
        {
            Interactions = [log.Interactions[0] with { Label = "true", Context = [new FeatureSource { Name = "rest", Kind = FeatureKind.Numeric, Buckets = new BucketRule(Quantiles: 4) }] }],
        });

        var vocabulary = data.Encoder.Vocabularies["rest"];
        Assert.Equal([20.0, 40.0, 61.0], vocabulary.Edges!);
        Assert.Equal([20L, 20L, 20L, 19L], vocabulary.Counts);
        Assert.Equal([1, 1, 2, 4, 4, 0], new[] { "-3", "19.9", "20", "61", "5000", "many" }.Select(vocabulary.IndexOf));
        Assert.Equal(0, data.Interactions.Context[0][50]);
        Assert.Equal(4, data.Interactions.Context[0][99]);
    }

    /// <summary>Half of the rows say 1 in two spellings: it takes two of four shares at once, and is one edge.</summary>
    [Fact]
    public void OneNumberInTwoSpellingsIsOneNumber()
    {
        var log = Log(Enumerable.Range(0, 100).Select(k => (k % 4, k % 2, k % 2 == 0 ? "web" : "app", (k % 4) switch { 0 => "1", 1 => "1.0", 2 => "0.5", _ => "7e0" })), "true");

        var data = Imports.Run(_scratch, log with
        {
            Interactions = [log.Interactions[0] with { Label = "true", Context = [new FeatureSource { Name = "rest", Kind = FeatureKind.Numeric, Buckets = new BucketRule(Quantiles: 4) }] }],
        });

        var vocabulary = data.Encoder.Vocabularies["rest"];
        Assert.Equal([1.0, 7.0], vocabulary.Edges!);
        Assert.Equal([20L, 40L, 20L], vocabulary.Counts);
        Assert.Equal([2, 2, 1, 3], data.Interactions.Context[0][..4]);
    }

    [Fact]
    public void KuaiSarIsReadAsItIs()
    {
        File.WriteAllText(_scratch["rec_inter.csv"], "user_id,item_id,playing_time,duration_ms,time,timestamp,click,forward,like,follow,search,search_item_related\n"
            + "1,10,60792.0,45400.0,2023-05-22 15:53:20,1684742000000.0,1,0,0,0,0,0\n1,11,0.0,45400.0,2023-05-22 15:53:21,1684742001000.0,0,0,1,0,0,0\n2,10,0,1,x,1684742002500,0,0,0,0,0,0\n");
        File.WriteAllText(_scratch["src_inter.csv"], "user_id,search_session_id,search_session_time,search_session_timestamp,keyword,search_source,item_id,click_cnt,item_type\n"
            + "2,1,2023-05-22 21:58:52,1684742003000,\"[20, 34, 3]\",USER_INPUT,12,2.0,NORMAL\n1,2,2023-05-22 21:58:52,1684742004000,[20],USER_INPUT,10,0.0,NORMAL\n");
        File.WriteAllText(_scratch["user_features.csv"], "user_id,search_active_level,rec_active_level,onehot_feat1,onehot_feat2\n1,2,3,0,17\n2,5,1,1,\n");
        File.WriteAllText(_scratch["item_features.csv"], "item_id,caption,author_id,item_type,upload_time,upload_type,music_id,first_level_category_id,first_level_category_name,second_level_category_id,"
            + "second_level_category_name,third_level_category_id,third_level_category_name,fourth_level_category_id,fourth_level_category_name,first_level_category_name_en,second_level_category_name_en,"
            + "third_level_category_name_en,fourth_level_category_name_en\n10,\"[1, 2]\",7,NORMAL,2023-04-22,LongImport,0,9,搞笑,136,搞笑段子,0,empty,0,empty,Funny,Funny joke,empty,empty\n11,[1],7,UNKNOWN,2023-04-22,UNKNOWN,0,0,empty,0,empty,0,empty,0,empty,empty,empty,empty,empty\n");

        var data = Imports.Run(_scratch, KuaiSar.Configuration() with { Split = new SplitOptions(SplitKind.Global) });

        Assert.Equal([("1", "10", true, 1684742000L), ("1", "11", false, 1684742001L), ("2", "10", false, 1684742002L), ("2", "12", true, 1684742003L), ("1", "10", false, 1684742004L)], data.Rows());
        Assert.Equal([0, 0, 0, 1, 1], data.Interactions.Scenario);
        Assert.Equal([true, true, false, true, false], data.Interactions.Positive); // liked without a click counts in prompts
        Assert.Equal([new ItemWords("NORMAL", "Funny/Funny joke"), new ItemWords("", ""), new ItemWords("", "")], data.ReadItemWords());
        Assert.Equal(["Funny"], data.Encoder.Vocabularies["first_category"].Values);
    }

    [Fact]
    public void OfSeveralCategoriesUsersInAllAreKept()
    {
        string Review(string user, string item, int rating, int time) => $$"""{"overall": {{rating}}.0, "reviewerID": "{{user}}", "asin": "{{item}}", "unixReviewTime": {{time}}, "reviewText": "fine"}""" + "\n";
        File.WriteAllText(_scratch["All_Beauty_5.json"], Review("a", "x", 5, 100) + Review("a", "x", 2, 200) + Review("b", "x", 5, 100) + Review("a", "y", 4, 150));
        File.WriteAllText(_scratch["Gift_Cards.csv"], "z,a,3.0,120\nz,c,5.0,100\n");
        File.WriteAllText(_scratch["meta_All_Beauty.json"], """{"asin": "x", "title": "Soap", "category": ["Beauty", "Bath"], "brand": "B"}""" + "\n");

        var (configuration, folder) = Amazon.Configuration([_scratch.Root]);
        var data = Imports.Run(_scratch, configuration with { Split = new SplitOptions(SplitKind.Global) }, folder);

        Assert.Equal(["All Beauty", "Gift Cards"], data.Description.Scenarios.Select(s => s.Name));
        Assert.Equal([("a", "z", false, 120L), ("a", "y", true, 150L), ("a", "x", false, 200L)], data.Rows()); // the later review of x counts
        Assert.Equal(new ItemWords("Soap", "Beauty/Bath"), data.ReadItemWords()[0]);
    }

    private ImportConfiguration Log(IEnumerable<(int User, int Item, string Place, string More)> rows, string label)
    {
        File.WriteAllText(_scratch["log.csv"], "user,item,place,rest,bought,time\n" + string.Concat(rows.Select((r, k) =>
            string.Create(CultureInfo.InvariantCulture, $"{r.User},{r.Item},{r.Place},{r.More},{(r.More == "0" ? 0 : 1)},{1000 + k}\n"))));
        var log = Imports.Ratings();
        return log with
        {
            Scenarios = [new Scenario("web", ""), new Scenario("app", "")],
            Interactions = [log.Interactions[0] with { Scenario = new ScenarioRule(Column: "place"), Label = label }],
        };
    }
}
