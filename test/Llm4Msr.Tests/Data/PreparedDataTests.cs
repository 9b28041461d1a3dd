using Llm4Msr.Data;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Tests.Data;

public sealed class PreparedDataTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void EqualInputGivesEqualBytesWhateverTheOrderOfItsLines()
    {
        var raw = SampleData.Raw(interactions: 300, change: null);
        var distinct = raw.Interactions.DistinctBy(i => (i.Time, i.Item, i.User, i.Scenario)).ToList();

        Write("one", raw with { Interactions = distinct });
        Write("other", raw with { Interactions = [.. distinct.AsEnumerable().Reverse()] });

        Assert.Equal(Hashes("one"), Hashes("other"));
    }

    [Fact]
    public void RanksFollowTimeThenItemThenUserThenScenarioThenLine()
    {
        var raw = SampleData.Raw();
        var data = SampleData.Prepared(_scratch, raw);

        var expected = raw.Interactions.Select((row, line) => (row, line))
            .OrderBy(p => p.row.Time)
            .ThenBy(p => raw.Items.Keys[p.row.Item], StringComparer.Ordinal)           // "item-10" before "item-2": not all numbers
            .ThenBy(p => int.Parse(raw.Users.Keys[p.row.User], null))                  // all numbers: 2 before 10
            .ThenBy(p => p.row.Scenario).ThenBy(p => p.line)
            .Select(p => (raw.Users.Keys[p.row.User], raw.Items.Keys[p.row.Item], p.row.Scenario, p.row.Time, p.row.Clicked, p.row.Positive));
        var table = data.Interactions;
        Assert.Equal(expected, Enumerable.Range(0, table.Count).Select(rank => (
            data.Encoder.Users.Keys[table.User[rank]], data.Encoder.Items.Keys[table.Item[rank]],
            table.Scenario[rank], table.Time[rank], table.Clicked[rank], table.Positive[rank])));
    }

    [Theory, InlineData(SplitKind.User), InlineData(SplitKind.Global), InlineData(SplitKind.UserHoldout)]
    public void VocabulariesHoldWhatTheTrainingPartHoldsAndNothingElse(SplitKind split)
    {
        var raw = SampleData.Raw(interactions: 150);
        var data = SampleData.Prepared(_scratch, raw, new SplitOptions(split));
        var (encoder, table) = (data.Encoder, data.Interactions);

        foreach (var (name, rows, entities) in new[] { ("user", table.User, encoder.Users), ("item", table.Item, encoder.Items) })
        {
            var trained = data.RanksOf(Part.Training).GroupBy(rank => entities.Keys[rows[rank]]).ToDictionary(g => g.Key, g => g.LongCount());
            var vocabulary = encoder.Vocabularies[name];
            Assert.Equal(trained, vocabulary.Values.Zip(vocabulary.Counts).ToDictionary(p => p.First, p => p.Second));
            Assert.All(Enumerable.Range(0, entities.Count), row => Assert.Equal(
                trained.ContainsKey(entities.Keys[row]), entities.Columns[0].Of(row)[0] != FeatureVocabulary.Unseen));
        }
    }

    [Fact]
    public void AValueThatOnlyLaterRowsHoldIsUnseen()
    {
        var raw = SampleData.Raw();
        var last = raw.Interactions.Max(i => i.Time);
        raw = raw with
        {
            Interactions = [.. raw.Interactions, raw.Interactions[0] with { Time = last + 1, Context = ["midnight"] }],
        };

        var data = SampleData.Prepared(_scratch, raw, new SplitOptions(SplitKind.Global));

        Assert.DoesNotContain("midnight", data.Encoder.Vocabularies["daytime"].Values);
        Assert.Equal(FeatureVocabulary.Unseen, data.Interactions.Context[0][^1]);
    }

    [Fact]
    public void OneSplitsKnowledgeFitsAnotherSplit()
    {
        var byUser = SampleData.Prepared(_scratch, split: new SplitOptions(SplitKind.User)).Description;
        var heldOut = SampleData.Prepared(_scratch, split: new SplitOptions(SplitKind.UserHoldout)).Description;

        Assert.Equal(byUser.InteractionsHash, heldOut.InteractionsHash);
        Assert.NotEqual(byUser.TrainingPartHash, heldOut.TrainingPartHash);
    }

    [Fact]
    public void TheStatisticsAreThoseOfTable1()
    {
        var raw = SampleData.Raw();
        var all = SampleData.Prepared(_scratch, raw).Description.All;

        var users = raw.Interactions.GroupBy(i => i.Scenario).ToDictionary(g => g.Key, g => g.Select(i => i.User).ToHashSet());
        var search = raw.Interactions.Where(i => i.Scenario == 0).ToList();
        Assert.Equal(new ScenarioStatistics(users[0].Count, search.Select(i => i.Item).Distinct().Count(), search.Count, search.Count(i => i.Clicked)), all.Scenarios[0]);
        Assert.Equal(users[0].Intersect(users[1]).Intersect(users[2]).Count(), all.OverlappingUsers);
        Assert.Equal(raw.Interactions.Count, all.Interactions);
        Assert.Equal(search.Count(i => !i.Clicked) / (double)search.Count, all.Scenarios[0].Sparsity, 12);
    }

    [Fact]
    public void AFlippedBitInAnyFileIsNamed()
    {
        Write("data", SampleData.Raw(interactions: 100));
        var random = new Random(5);
        var files = Directory.GetFiles(_scratch["data"], "*", SearchOption.AllDirectories);
        for (var flip = 0; flip < 200; flip++)
        {
            var file = files[random.Next(files.Length)];
            var bytes = File.ReadAllBytes(file);
            var damaged = bytes.ToArray();
            damaged[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(file, damaged);

            var error = Record.Exception(() => InteractionDataset.Open(_scratch["data"]));

            // A flip in the manifest's white space changes nothing; anything else is refused by name.
            if (error is null)
                Assert.Equal(FolderManifest.FileName, Path.GetFileName(file));
            else
                Assert.Contains(_scratch["data"], Assert.IsType<Llm4MsrException>(error).Message, StringComparison.Ordinal);
            File.WriteAllBytes(file, bytes);
        }
    }

    [Fact]
    public void ATableIsWrittenInBatchesOfWhichNoneIsLongerAndOneWithoutRowsInOne()
    {
        int[] Lengths(int rows) => [.. RawBatch.InParts(rows, 10, own => [("row", ArrowTable.Column([.. Enumerable.Range(0, rows).Take(own)]))]).Select(batch => batch.Length)];

        Assert.Equal([10, 10, 5], Lengths(25));
        Assert.Equal([10, 10], Lengths(20));
        Assert.Equal([0], Lengths(0));
    }

    [Fact]
    public void AFolderIsDescribedAndItsUsersAreNamedWithoutItsTables()
    {
        var data = SampleData.Prepared(_scratch);
        var folder = Directory.GetDirectories(_scratch.Root).Single();

        Assert.Equal(data.Description.InteractionsHash, InteractionDataset.Describe(folder).InteractionsHash);
        Assert.Equal(data.Encoder.Users.Keys, InteractionDataset.UserIds(folder));
    }

    [Fact]
    public void AnEncoderReadBackEncodesAsBefore()
    {
        var data = SampleData.Prepared(_scratch);
        data.Encoder.Save(_scratch["copy"]);
        var copy = RowEncoder.Load(_scratch["copy"]);

        Assert.Equal(data.Encoder.Schema.Fields, copy.Schema.Fields);
        Assert.Equal(data.Encoder.Users.Keys, copy.Users.Keys);
        foreach (var (one, other) in data.Encoder.Users.Columns.Concat(data.Encoder.Items.Columns).Zip(copy.Users.Columns.Concat(copy.Items.Columns)))
        {
            Assert.Equal(one.Values, other.Values);
            Assert.Equal(one.Starts, other.Starts);
        }
        Assert.All(data.Encoder.Vocabularies, v => Assert.Equal(v.Value.Values, copy.Vocabularies[v.Key].Values));
    }

    private void Write(string name, RawData raw) => DurableFile.WriteFolder(_scratch[name], f => PreparedDataWriter.Write(f, raw, new SplitOptions()));

    private SortedDictionary<string, string> Hashes(string name) => new(Directory
        .GetFiles(_scratch[name], "*", SearchOption.AllDirectories)
        .ToDictionary(f => Path.GetRelativePath(_scratch[name], f), FileHash.OfFile));
}
