using CsCheck;
using Llm4Msr.Data;
using Llm4Msr.Testing;
using TorchSharp;

namespace Llm4Msr.Tests.Data;

public class RowEncoderTests
{
    [Theory]
    [InlineData(4)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(100)]
    public void EachRowGetsTheValuesOfItsOwnUserItemAndContext(int count)
    {
        using var scratch = new ScratchFolder();
        using var scope = torch.NewDisposeScope();
        var data = SampleData.Prepared(scratch);
        int[] ranks = [.. new[] { 900, 3, 3, 511 }.Concat(Enumerable.Range(0, count - 4).Select(k => k * 37 % 1000))];

        var batch = data.Encoder.Encode(data.Rows(ranks));

        for (var f = 0; f < data.Encoder.Schema.Fields.Count; f++)
        {
            var field = data.Encoder.Schema.Fields[f];
            for (var row = 0; row < ranks.Length; row++)
                Assert.Equal(ValuesOf(data, field, ranks[row]), RowOf(batch.Fields[f], row, ranks.Length));
        }
        Assert.Equal(ranks.Select(rank => data.Interactions.Clicked[rank] ? 1f : 0f), batch.Clicked.data<float>().ToArray());
    }

    [Fact]
    public void AnUnknownUserAndAHiddenIdAreSeenAsUnseen()
    {
        using var scratch = new ScratchFolder();
        using var scope = torch.NewDisposeScope();
        var data = SampleData.Prepared(scratch);
        var rows = data.Rows([10, 11]);
        var unknown = rows with { User = [data.Encoder.Users.RowOf("nobody"), rows.User[1]] };

        var users = FieldOf(data, data.Encoder.Encode(unknown, withoutUserId: [false, true]), "user");
        var ages = FieldOf(data, data.Encoder.Encode(unknown, withoutUserId: [false, true]), "age_group");

        Assert.Equal([0, 0], users);
        Assert.Equal(0, ages[0]);
        Assert.Equal(data.Encoder.Users.Columns[1].Of(rows.User[1])[0], ages[1]); // only the id is hidden
        Assert.All(data.Encoder.Users.Columns.Concat(data.Encoder.Items.Columns), c => Assert.Equal(FeatureVocabulary.Unseen, c.Of(c.Field.Owner == FieldOwner.User ? data.Encoder.Users.UnknownRow : data.Encoder.Items.UnknownRow)[0]));
    }

    [Fact]
    public void GroupsReturnRowsToTheirPlacesAndShowEachTowerItsOwnRows() =>
        Gen.Int[0, 4].Array[1, 50].Sample(scenarios =>
        {
            using var scope = torch.NewDisposeScope();
            var rows = torch.arange(scenarios.Length, torch.float32).unsqueeze(1);
            var groups = new ScenarioGroups(scenarios, 5);
            List<int> towers = [];

            var result = groups.Apply(rows, (scenario, own) =>
            {
                towers.Add(scenario);
                Assert.All(own.data<float>().ToArray(), row => Assert.Equal(scenario, scenarios[(int)row]));
                return own.squeeze(1) * 10 + scenario;
            });

            Assert.Equal(scenarios.Select((scenario, row) => row * 10f + scenario), result.data<float>().ToArray());
            Assert.Equal(scenarios.Distinct().Order(), towers);
            Assert.Equal(scenarios.Select(s => (long)s), groups.Index.data<long>().ToArray());
        });

    private static int[] ValuesOf(InteractionDataset data, FeatureField field, int rank) => field.Owner switch
    {
        FieldOwner.Scenario => [data.Interactions.Scenario[rank] + 1],
        FieldOwner.Context => [data.Interactions.Context[0][rank]],
        FieldOwner.User => data.Encoder.Users.Columns.Single(c => c.Field == field).Of(data.Interactions.User[rank]).ToArray(),
        _ => data.Encoder.Items.Columns.Single(c => c.Field == field).Of(data.Interactions.Item[rank]).ToArray(),
    };

    private static int[] RowOf(FieldValues values, int row, int rows)
    {
        var all = values.Values.data<long>().ToArray();
        if (values.Starts is null)
            return [(int)all[row]];
        var starts = values.Starts.data<long>().ToArray();
        var end = row + 1 < rows ? starts[row + 1] : all.Length;
        return [.. all[(int)starts[row]..(int)end].Select(v => (int)v)];
    }

    private static int[] FieldOf(InteractionDataset data, CtrBatch batch, string name)
    {
        var index = data.Encoder.Schema.Fields.ToList().FindIndex(f => f.Name == name);
        return [.. batch.Fields[index].Values.data<long>().ToArray().Select(v => (int)v)];
    }
}
