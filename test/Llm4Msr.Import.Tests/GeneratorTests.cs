using System.Globalization;
using Llm4Msr.Data;
using Llm4Msr.Evaluation;
using Llm4Msr.Import.Generator;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Import.Tests;

public sealed class GeneratorTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    private static readonly GeneratorOptions s_small = GeneratorScales.Options(GeneratorScale.Tiny).WithUsers(300);

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void TheLargestScaleIsThePapersTable1()
    {
        var options = GeneratorScales.Options(GeneratorScale.KuaisarSmall);

        Assert.Equal((25_877, 97_981), (options.Users, options.SharedItems));
        Assert.Equal([(7_493_101, 2_281_034), (3_038_362, 1_974_165)], options.Scenarios.Select(s => (s.Interactions, s.Items)));
        Assert.Equal([0.5049, 0.8787], options.Scenarios.Select(s => Math.Round(1 - s.ClickShare, 10)));
    }

    [Theory]
    [InlineData(GeneratorScale.Tiny, 300, 1, 0.0), InlineData(GeneratorScale.Tiny, 300, 2, 0.4), InlineData(GeneratorScale.KuaisarSmall, 60, 1, 0.0)]
    public void UsersItemsOverlapsAndRowsAreExactlyThoseAskedFor(GeneratorScale scale, int users, int seed, double coldStart)
    {
        var options = GeneratorScales.Options(scale).WithUsers(users) with { Seed = seed, ColdStart = coldStart };
        DataGenerator.Write(_scratch.Root, options, GeneratedFormat.Kuaisar, new SplitOptions(), (_, _) => { });

        var rec = Lines("rec_inter.csv");
        var search = Lines("src_inter.csv");
        Assert.Equal(options.Scenarios.Select(s => s.Interactions), [rec.Count, search.Count]);
        Assert.Equal(options.Scenarios.Select(s => s.Items), [Distinct(rec, 1), Distinct(search, ^3)]);
        Assert.Equal([options.Users, options.Users], [Distinct(rec, 0), Distinct(search, 0)]);
        Assert.Equal(options.SharedItems, rec.Select(l => l[1]).Intersect(search.Select(l => l[^3])).Count());
        Assert.Equal(options.Users, Distinct(Lines("user_features.csv"), 0));
        Assert.Equal(Enumerable.Range(1, options.Scenarios.Sum(s => s.Items) - options.SharedItems), Lines("item_features.csv").Select(l => int.Parse(l[0], CultureInfo.InvariantCulture)));

        static int Distinct(List<string[]> lines, Index column) => lines.Select(l => l[column]).Distinct().Count();
    }

    [Fact]
    public void TheFilesHaveTheColumnsOfKuaiSarAndFitTogether()
    {
        DataGenerator.Write(_scratch.Root, s_small, GeneratedFormat.Kuaisar, new SplitOptions(), (_, _) => { });

        Assert.Equal("user_id,item_id,playing_time,duration_ms,time,timestamp,click,forward,like,follow,search,search_item_related", Header("rec_inter.csv"));
        Assert.Equal("user_id,search_session_id,search_session_time,search_session_timestamp,keyword,search_source,item_id,click_cnt,item_type", Header("src_inter.csv"));
        Assert.Equal("user_id,user_follow_id", Header("social_network.csv"));
        Assert.Equal("user_id,search_active_level,rec_active_level,onehot_feat1,onehot_feat2", Header("user_features.csv"));
        Assert.StartsWith("item_id,caption,author_id,item_type,upload_time,upload_type,first_level_category_id,first_level_category_name,first_level_category_name_en,second_", Header("item_features.csv"), StringComparison.Ordinal);
        Assert.All(Lines("item_features.csv"), l => Assert.Equal(18, l.Length));
        Assert.All(Lines("rec_inter.csv"), l =>
        {
            // A reaction only where there was a click; both spellings of the time are one.
            Assert.True(l[6] == "1" || l[7..10].All(flag => flag == "0"));
            Assert.Equal(l[4], DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(l[5], CultureInfo.InvariantCulture)).ToOffset(TimeSpan.FromHours(8)).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture));
        });
        Assert.All(Lines("src_inter.csv").GroupBy(l => l[1]), session =>
        {
            Assert.Single(session.Select(l => (l[0], l[2], l[3], l[4], l[5])).Distinct());
            Assert.Equal(session.Count(), session.Select(l => l[^3]).Distinct().Count());
        });
        Assert.Equal(Lines("src_inter.csv").Count, Lines("src_inter.csv").Select(l => (l[0], l[3], l[^3])).Distinct().Count());
        Assert.All(Lines("social_network.csv").GroupBy(l => l[0]), own =>
        {
            Assert.DoesNotContain(own, l => l[0] == l[1]);
            Assert.Equal(own.Count(), own.Select(l => l[1]).Distinct().Count());
        });
    }

    [Fact]
    public void NoTwoRowsOfAUserShareASecondUnlessTheyAreOneSession()
    {
        var crowded = s_small with { Users = 20, Days = 1, SharedItems = 10, Scenarios = [new("feed", "", 40_000, 500, 0.5), new("search", "", 40_000, 500, 0.5, ItemsPerSession: 5)] };

        var data = Generate(crowded);

        Assert.All(data.Scenarios, rows => Assert.All(Enumerable.Range(0, crowded.Users), user =>
        {
            int[] times = [.. rows.Millisecond[rows.FirstRow[user]..rows.FirstRow[user + 1]].Distinct()];
            Assert.Equal(times.Order(), times);
            Assert.All(times.Skip(1).Zip(times), pair => Assert.True(pair.First - pair.Second >= 1000));
        }));
        Assert.Equal(data.Scenarios[0].Count, Enumerable.Range(0, crowded.Users).Sum(user => data.Scenarios[0].Millisecond[data.Scenarios[0].FirstRow[user]..data.Scenarios[0].FirstRow[user + 1]].Distinct().Count()));
    }

    [Fact]
    public void TheMeanProbabilityIsTheClickShareAndClicksFollowIt()
    {
        var data = Generate(s_small);

        foreach (var (rows, scenario) in data.Scenarios.Zip(s_small.Scenarios))
        {
            var deviation = Math.Sqrt(scenario.ClickShare * (1 - scenario.ClickShare) / rows.Count);
            Assert.Equal(scenario.ClickShare, rows.Probability.Average(p => (double)p), 1e-6);
            Assert.InRange(rows.Clicked.Average(c => c ? 1.0 : 0), scenario.ClickShare - 4 * deviation, scenario.ClickShare + 4 * deviation);
        }
    }

    [Fact]
    public void TheBestAucIsThatOfThePlantedProbabilitiesOnTheWrittenRows()
    {
        var truth = DataGenerator.Write(_scratch.Root, s_small, GeneratedFormat.Kuaisar, new SplitOptions(), (_, _) => { });
        using var file = SafetensorsFile.Open(_scratch[Path.Combine("truth", "probabilities.safetensors")]);
        float[][] planted = [.. s_small.Scenarios.Select(s => { using var t = file.Read(s.Name); return t.data<float>().ToArray(); })];
        float[][] clicked = [[.. Lines("rec_inter.csv").Select(l => l[6] == "1" ? 1f : 0)], [.. Lines("src_inter.csv").Select(l => l[^2] == "0" ? 0f : 1)]];

        Assert.Equal([Auc.Of(planted[0], clicked[0]), Auc.Of(planted[1], clicked[1]), Auc.Of([.. planted[0], .. planted[1]], [.. clicked[0], .. clicked[1]])], truth.Best.Select(b => b.All));

        var times = Lines("rec_inter.csv").Select(l => Second(l[5])).Concat(Lines("src_inter.csv").Select(l => Second(l[3]))).ToList();
        var start = times.Order().ElementAt(times.Count * 9 / 10 - 1) + 1; // the second after the one in which nine tenths are full
        int[] last = [.. Enumerable.Range(0, times.Count).Where(k => times[k] >= start)];
        float[] allPlanted = [.. planted[0], .. planted[1]], allClicked = [.. clicked[0], .. clicked[1]];
        Assert.Equal(Auc.Of([.. last.Select(k => allPlanted[k])], [.. last.Select(k => allClicked[k])]), truth.Best[^1].LastTenth);
        Assert.InRange(last.Length, times.Count / 11, times.Count / 10);

        static long Second(string milliseconds) => long.Parse(milliseconds, CultureInfo.InvariantCulture) / 1000;
    }

    [Fact]
    public void TheBestAucLessAHalfFallsInProportionToTheNoise()
    {
        var expected = Enumerable.Range(0, 5).Select(k => ExpectedAuc(Generate(s_small with { Noise = k / 4.0 }).Scenarios[0].Probability) - 0.5).ToList();

        for (var k = 1; k < expected.Count; k++)
            Assert.Equal(expected[0] * (1 - k / 4.0), expected[k], 1e-3);
        Assert.True(expected[0] > 0.2);

        var drawn = new[] { 0, 0.3, 0.6, 0.9 }.Select(noise => BestAuc.Of(Generate(s_small with { Noise = noise }))[0].All).ToList();
        Assert.Equal(drawn.OrderDescending(), drawn);
    }

    [Fact]
    public void TheDrawnAucIsNearTheExpectedOne()
    {
        var data = Generate(s_small);

        Assert.Equal(ExpectedAuc(data.Scenarios[0].Probability), BestAuc.Of(data)[0].All!.Value, 0.015);
    }

    [Theory]
    [InlineData(false, 0.6), InlineData(true, -0.6)]
    public void NegativeTransferMakesInterestsOfScenariosOppose(bool negative, double expected)
    {
        var options = s_small with { NegativeTransfer = negative };
        var truth = new PlantedTruth(options);
        var topics = options.Topics.Count;
        var pairs = Enumerable.Range(0, options.Users * topics).Select(k => (k / topics * 2 * topics) + k % topics).Select(k => ((double)truth.Interests[k], (double)truth.Interests[k + topics]));

        Assert.Equal(expected, Correlation(pairs), 0.05);
        Assert.Equal(negative ? -1 : 1, Math.Sign(Correlation(ClickRates(Generate(options)))));
    }

    [Fact]
    public void WhatIsNotSharedIsTheScenariosOwn()
    {
        var truth = new PlantedTruth(s_small with { SharedPart = 0 });
        var topics = s_small.Topics.Count;

        Assert.Equal(0, Correlation(Enumerable.Range(0, s_small.Users * topics).Select(k => (k / topics * 2 * topics) + k % topics).Select(k => ((double)truth.Interests[k], (double)truth.Interests[k + topics]))), 0.05);
    }

    [Fact]
    public void ColdUsersComeLateAndHaveFewRows()
    {
        var data = Generate(s_small with { ColdStart = 0.3 });
        int[] cold = [.. Enumerable.Range(0, s_small.Users).Where(data.Activity.IsCold)];

        Assert.InRange(cold.Length, 65, 115);
        Assert.All(data.Scenarios, rows => Assert.All(cold, user =>
        {
            Assert.InRange(rows.FirstRow[user + 1] - rows.FirstRow[user], 1, 3);
            Assert.All(rows.Millisecond[rows.FirstRow[user]..rows.FirstRow[user + 1]], time => Assert.True(time >= 9 * 24 * 3600 * 900L));
        }));
        Assert.DoesNotContain(Enumerable.Range(0, s_small.Users), new PlantedActivity(s_small).IsCold);
    }

    [Fact]
    public void RowsFallOnFewerItemsTheHigherTheSkew()
    {
        var shares = new[] { 1.0, 2, 4 }.Select(skew => ShareOfTopTenth(Generate(s_small with { PopularitySkew = skew }))).ToList();

        Assert.Equal(shares.Order(), shares);
        Assert.True(shares[0] < 0.2 && shares[2] > 0.5, string.Join(' ', shares));

        static double ShareOfTopTenth(GeneratedData data)
        {
            int[] counts = [.. data.Scenarios[0].Item.CountBy(i => i).Select(p => p.Value).OrderDescending()];
            return counts.Take(counts.Length / 10).Sum() / (double)data.Scenarios[0].Count;
        }
    }

    [Theory]
    [InlineData(GeneratedFormat.Kuaisar), InlineData(GeneratedFormat.Prepared)]
    public void TheSeedDecidesEveryByte(GeneratedFormat format)
    {
        Assert.Equal(Bytes("one", 1), Bytes("again", 1));
        var other = Bytes("other", 2);
        Assert.All(Bytes("third", 1).Where(f => f.Key.EndsWith(".csv", StringComparison.Ordinal) || f.Key.EndsWith(".safetensors", StringComparison.Ordinal)), f => Assert.NotEqual(f.Value, other[f.Key]));

        Dictionary<string, string> Bytes(string name, int seed)
        {
            Directory.CreateDirectory(_scratch[name]);
            DataGenerator.Write(_scratch[name], s_small with { Seed = seed }, format, new SplitOptions(), (_, _) => { });
            return Directory.EnumerateFiles(_scratch[name], "*", SearchOption.AllDirectories).ToDictionary(f => Path.GetRelativePath(_scratch[name], f), FileHash.OfFile);
        }
    }

    /// <summary>Where nothing but noise decides, every row has one probability: two seeds agree on a click as often as chance has it.</summary>
    [Fact]
    public void AnotherSeedDrawsOtherClicks()
    {
        var draws = Enumerable.Range(1, 2).Select(seed => Generate(s_small with { Seed = seed, Noise = 1 }).Scenarios).ToList();

        foreach (var (one, other) in draws[0].Zip(draws[1]))
        {
            var share = one.Clicked.Average(c => c ? 1.0 : 0);
            Assert.Equal(share * share + (1 - share) * (1 - share), one.Clicked.Zip(other.Clicked).Average(p => p.First == p.Second ? 1.0 : 0), 0.05);
        }
    }

    [Fact]
    public void PreparedDataOfTheLargestScaleAreRefusedBeforeAnythingIsMade()
    {
        var fault = Assert.Throws<Llm4MsrException>(() => DataGenerator.Write(_scratch.Root, GeneratorScales.Options(GeneratorScale.KuaisarSmall), GeneratedFormat.Prepared, new SplitOptions(), (_, _) => { }));

        Assert.Equal((FaultKind.Usage,
            "Prepared data are written from rows that are all in memory at once, at most 2000000 of them, and these would be 10531463. Write them with --format kuaisar, then prepare them with 'llm4msr prepare kuaisar'."),
            (fault.Kind, fault.Message));
        Assert.Empty(Directory.GetFileSystemEntries(_scratch.Root));
    }

    [Fact]
    public void ThreeScenariosOfOwnWordsArePreparedAndTheirTruthIsFoundAgain()
    {
        var options = s_small with
        {
            Topics = [new("bread", ["rye", "rolls"]), new("chess", ["openings"]), new("jazz", ["swing", "bebop", "blues"])],
            Scenarios = [new("search", "", 4000, 200, 0.5), new("feed", "", 5000, 200, 0.4), new("gift shop", "", 3000, 200, 0.3)],
            SharedItems = 200,
        };
        var truth = DataGenerator.Write(_scratch.Root, options, GeneratedFormat.Prepared, new SplitOptions(SplitKind.UserHoldout), (_, _) => { });

        var data = InteractionDataset.Open(_scratch.Root);
        Assert.Equal((200, 200), (data.Description.All.Items, data.Description.All.OverlappingItems));
        Assert.All(data.ReadItemWords(), words => Assert.All(words.Category.Split('/'), topic => Assert.Contains(topic, options.Topics.Select(t => t.Name))));
        var planted = PlantedProbabilities.Of(TruthFiles.Read(_scratch.Root), data, [.. Enumerable.Range(0, data.Interactions.Count)]);
        Assert.Equal(truth.Best[^1].All, Auc.Of(planted, [.. data.Interactions.Clicked.Select(c => c ? 1f : 0)]));
    }

    [Fact]
    public void OptionsThatContradictEachOtherAreNamedAllAtOnce()
    {
        var options = s_small with { Noise = 1.5, ColdStart = -1, Scenarios = [s_small.Scenarios[0] with { Items = 100_000 }] };

        var fault = Assert.Throws<Llm4MsrException>(() => Generate(options));

        Assert.Equal(FaultKind.Usage, fault.Kind);
        Assert.Equal("Noise is 1.5, expected 0 (none) to 1 (nothing but noise). The share of cold-start users is -1, expected 0 to 0.9. "
            + "Scenario 'recommendation' has 18000 rows for 100000 items: each needs one.", fault.Message);
    }

    private static GeneratedData Generate(GeneratorOptions options) => GeneratedData.Generate(options, (_, _) => { });

    private string Header(string file) => File.ReadLines(_scratch[file]).First();

    /// <summary>Fields of every line after the first; a quoted list is one field.</summary>
    private List<string[]> Lines(string file) => [.. File.ReadLines(_scratch[file]).Skip(1).Select(line =>
        string.Concat(line.Split('"').Select((piece, k) => k % 2 == 1 ? piece.Replace(',', ';') : piece)).Split(','))];

    /// <summary>Share of pairs in the right order in expectation, were clicks drawn from these probabilities again and again.</summary>
    private static double ExpectedAuc(float[] probabilities)
    {
        double unclicked = 0, ordered = 0, clicks = probabilities.Sum(p => (double)p);
        foreach (var p in probabilities.Order())
        {
            ordered += p * (unclicked + (1 - p) / 2.0);
            unclicked += 1 - p;
        }
        return ordered / (clicks * unclicked);
    }

    /// <summary>Of each user with rows of a topic in both scenarios: how much more or less than others they click there.</summary>
    private static IEnumerable<(double, double)> ClickRates(GeneratedData data)
    {
        var rates = data.Scenarios.Select(rows => Enumerable.Range(0, data.Options.Users)
            .SelectMany(user => Enumerable.Range(rows.FirstRow[user], rows.FirstRow[user + 1] - rows.FirstRow[user]).Select(row => (user, row)))
            .GroupBy(r => (r.user, data.Truth.Describe(rows.Item[r.row]).Main))
            .ToDictionary(g => g.Key, g => g.Average(r => rows.Clicked[r.row] ? 1.0 : 0))).ToList();
        return rates[0].Keys.Where(rates[1].ContainsKey).Select(key => (rates[0][key], rates[1][key]));
    }

    private static double Correlation(IEnumerable<(double A, double B)> pairs)
    {
        var all = pairs.ToList();
        var (a, b) = (all.Average(p => p.A), all.Average(p => p.B));
        return all.Sum(p => (p.A - a) * (p.B - b)) / Math.Sqrt(all.Sum(p => (p.A - a) * (p.A - a)) * all.Sum(p => (p.B - b) * (p.B - b)));
    }
}
