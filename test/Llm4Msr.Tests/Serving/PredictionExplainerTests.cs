using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Serving;
using Llm4Msr.Testing;
using Llm4Msr.Tests.Knowledge;
using Llm4Msr.Tests.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Llm4Msr.Tests.Serving;

/// <summary>Every figure of an explanation is what the model itself says when it is asked directly.</summary>
public sealed class PredictionExplainerTests : IDisposable
{
    private const int UserWidth = 20, ScenarioWidth = 12;

    private readonly ScratchFolder _scratch = new();
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly InteractionDataset _data;
    private readonly KnowledgeTable _table;

    public PredictionExplainerTests()
    {
        _data = SampleData.Prepared(_scratch);
        _table = Table(_data);
    }

    public void Dispose()
    {
        _scope.Dispose();
        _scratch.Dispose();
    }

    [Theory]
    [InlineData("default"), InlineData("paper"), InlineData("both-parallel"), InlineData("crossed"), InlineData("user-bottom"), InlineData("scenario-parallel"), InlineData("knowledge-field")]
    public void EveryLogitIsWhatTheModelSaysWhenItIsAsked(string enhancement)
    {
        var (model, options) = Model(enhancement);
        using var explainer = new PredictionExplainer(model, options, _data.Encoder, _table);
        using var frozen = FrozenKnowledge.Of(_table, model.Knowledge!, [.. SampleData.Scenarios.Select(s => s.Name)]);
        var (readsUsers, readsScenarios) = (options.Fusion!.UserLevel != FusionPlacement.None, options.Fusion.ScenarioLevel != FusionPlacement.None);
        var changed = new int[3];
        foreach (var rank in Ranks())
        {
            var rows = _data.Rows([rank]);
            var seen = Seen(rank);
            float Ask(int knowledge, bool[] drop) => model.call(_data.Encoder.Encode(rows), frozen.For([knowledge], drop)).item<float>();

            var explanation = explainer.Explain(_data, rank);

            var logit = Ask(seen, []);
            Assert.Equal(logit, explanation.Logit);
            Assert.Equal(1 / (1 + Math.Exp(-logit)), explanation.Probability, 1e-6);
            Assert.Equal((rank, _data.Interactions.Clicked[rank]), (explanation.Rank, explanation.Clicked));
            var knowledge = explanation.Knowledge!;
            Assert.Equal(seen < 0 ? null : _table.AsOfRanks()[seen], knowledge.AsOfRank);
            Assert.Equal(readsUsers ? Ask(-1, []) : null, knowledge.LogitWithoutUser);
            Assert.Equal(readsScenarios ? Ask(seen, [true, true, true]) : null, knowledge.LogitWithoutScenario);
            Assert.Equal(readsUsers && seen >= 0, knowledge.Nearest is not null);
            if (knowledge.Nearest is { } near)
            {
                Assert.Equal(NearestByHand(seen, rank), (near.User, near.AsOfRank));
                var place = _table.RowsOf(near.User).First + (near.AsOfRank == _table.AsOfRanks()[_table.RowsOf(near.User).First] ? 0 : 1);
                Assert.Equal(Ask(place, []), near.Logit);
                changed[0] += logit != near.Logit ? 1 : 0;
            }
            changed[1] += seen >= 0 && logit != knowledge.LogitWithoutUser ? 1 : 0;
            changed[2] += logit != knowledge.LogitWithoutScenario ? 1 : 0;
        }
        Assert.True(changed[0] > 0 || !readsUsers); // a level whose last activation is 0 may be silent for a row, not for all
        Assert.True(changed[1] > 0 || !readsUsers);
        Assert.True(changed[2] > 0 || !readsScenarios);
    }

    [Fact]
    public void EveryFieldsEffectIsThatOfItsValueNeverSeen()
    {
        var (model, options) = Model("none");
        using var explainer = new PredictionExplainer(model, options, _data.Encoder, null);
        foreach (var rank in Ranks())
        {
            var batch = _data.Encoder.Encode(_data.Rows([rank]));
            var explanation = explainer.Explain(_data, rank);

            Assert.Null(explanation.Knowledge);
            Assert.Null(explanation.Shares);
            Assert.Equal(_data.Encoder.Schema.Fields.Select(f => (f.Name, f.Owner)), explanation.Fields.Select(f => (f.Field, f.Owner)));
            foreach (var (field, f) in explanation.Fields.Select((field, f) => (field, f)))
            {
                var isList = batch.Fields[f].Starts is not null;
                var fields = batch.Fields.ToArray();
                fields[f] = new FieldValues(zeros(1, dtype: int64), isList ? zeros(1, dtype: int64) : null);
                Assert.Equal(model.call(batch with { Fields = fields }, null).item<float>(), field.LogitWithout);
                Assert.Equal(explanation.Logit - field.LogitWithout, field.Effect);
            }
            var user = explanation.Fields.Single(f => f.Field == FeatureNames.UserId);
            Assert.Equal([explanation.User], user.Values);
            Assert.Equal(model.call(_data.Encoder.Encode(_data.Rows([rank]), [true]), null).item<float>(), user.LogitWithout); // as training hides ids
            Assert.NotEqual(0, user.Effect);
        }
    }

    [Fact]
    public void AFieldThatTheModelDoesNotReadHasNoEffectAndTheOthersKeepTheirs()
    {
        var (model, options) = Model("none");
        using (no_grad())
            model.state_dict()["embedding.age_group.weight"].zero_();
        using var explainer = new PredictionExplainer(model, options, _data.Encoder, null);

        var explanations = Ranks().Select(rank => explainer.Explain(_data, rank)).ToList();

        Assert.All(explanations, e => Assert.Equal(0, e.Fields.Single(f => f.Field == "age_group").Effect));
        Assert.All(explanations, e => Assert.NotEqual(0, e.Fields.Single(f => f.Field == FeatureNames.ItemId).Effect));
    }

    [Fact]
    public void WhatWasNeverSeenHasNoValuesAndNoEffect()
    {
        var (model, options) = Model("default");
        using var explainer = new PredictionExplainer(model, options, _data.Encoder, _table);

        var explanation = explainer.Explain(new RawRow(1, "nobody", "item-3", [""]));

        Assert.Equal(("nobody", "item-3", SampleData.Scenarios[1].Name), (explanation.User, explanation.Item, explanation.Scenario));
        Assert.Null(explanation.Rank);
        Assert.Equal((null, explanation.Logit), (explanation.Knowledge!.AsOfRank, explanation.Knowledge.LogitWithoutUser));
        Assert.Null(explanation.Knowledge.Nearest);
        Assert.All(explanation.Fields.Where(f => f.Owner is FieldOwner.User or FieldOwner.Context), f =>
        {
            Assert.Empty(f.Values);
            Assert.Equal(0, f.Effect);
        });
        Assert.Equal(["item-3"], explanation.Fields.Single(f => f.Field == FeatureNames.ItemId).Values);
    }

    [Fact]
    public void ARowOutsideTheDataSeesItsUsersNewestKnowledge()
    {
        var (model, options) = Model("default");
        using var explainer = new PredictionExplainer(model, options, _data.Encoder, _table);

        Assert.All(_table.Users.Take(5), user =>
            Assert.Equal(user.AsOfRanks[^1], explainer.Explain(new RawRow(0, user.Id, "item-3", [""])).Knowledge!.AsOfRank));
    }

    [Fact]
    public void AnExplainedRowHasTheLogitThatItHasAmongOthers()
    {
        var (model, options) = Model("default");
        using var explainer = new PredictionExplainer(model, options, _data.Encoder, _table);
        using var frozen = FrozenKnowledge.Of(_table, model.Knowledge!, [.. SampleData.Scenarios.Select(s => s.Name)]);
        var ranks = Ranks();

        var together = Scorer.Score(model, _data.Encoder, _data.Rows(ranks), frozen, [.. ranks.Select(Seen)]);

        Assert.All(ranks.Zip(together), pair => Assert.Equal(pair.Second, explainer.Explain(_data, pair.First).Logit, 1e-5f));
    }

    [Fact]
    public void AlphaIsThatOfTheRowsScenario()
    {
        var (model, options) = Model("both-parallel"); // an alpha for each scenario, kept between 0 and 1
        using var explainer = new PredictionExplainer(model, options, _data.Encoder, _table);
        float Logit(string name, int scenario) => model.state_dict()[$"network.{name}"].data<float>()[scenario];

        for (var s = 0; s < SampleData.Scenarios.Length; s++)
        {
            var shares = explainer.Explain(new RawRow(s, "1", "item-1", [""])).Shares!;
            Assert.Equal(1 / (1 + Math.Exp(-Logit("alpha_logit", s))), shares.Scenario!.Value, 1e-6);
            Assert.Equal(1 / (1 + Math.Exp(-Logit("user_alpha_logit", s))), shares.User!.Value, 1e-6);
        }
        var (paper, paperOptions) = Model("paper"); // one alpha, free
        using var other = new PredictionExplainer(paper, paperOptions, _data.Encoder, _table);
        Assert.Equal(new FusionShares(null, paper.state_dict()["network.alpha"].item<float>()), other.Explain(_data, 0).Shares);
    }

    /// <summary>Rows that see nothing, a first snapshot and a second one.</summary>
    private int[] Ranks() => [3, 250, 251, 700, 1100, 1199];

    private int Seen(int rank)
    {
        var (first, end) = _table.RowsOf(_data.Encoder.Users.Keys[_data.Interactions.User[rank]]);
        return Enumerable.Range(first, end - first).Where(row => _table.AsOfRanks()[row] <= rank).Append(-1).Max();
    }

    private (string, long) NearestByHand(int row, int rank)
    {
        var vectors = tensor(_table.UserVectors, dtype: float64).view(_table.Count, UserWidth);
        var cosines = vectors.mv(vectors[row]) / (vectors * vectors).sum(1).sqrt();
        var asOf = _table.AsOfRanks();
        return _table.Users.Where(u => _table.RowsOf(u.Id) is var own && !(own.First <= row && row < own.End) && asOf[own.First] <= rank)
            .Select(u => (u.Id, Row: Enumerable.Range(0, 2).Select(k => _table.RowsOf(u.Id).First + k).Last(r => asOf[r] <= rank)))
            .OrderByDescending(u => cosines[u.Row].item<double>())
            .Select(u => (u.Id, asOf[u.Row])).First();
    }

    private (ClickModel Model, ModelOptions Options) Model(string enhancement)
    {
        using var random = new Generator(99, CPU);
        var options = ModelVariants.Options(BackboneKind.Star, enhancement);
        var reader = options.Fusion is null ? null : new KnowledgeReader(
            tensor(_table.UserVectors).view(_table.Count, UserWidth), tensor(_table.ScenarioVectors).view(-1, ScenarioWidth), options.Fusion);
        var model = new ClickModel(_data.Encoder.Schema, SampleData.Scenarios.Length, options, reader, seed: 1);
        SampleNetwork.Disturb(model, random);
        model.eval();
        return (model, options);
    }

    /// <summary>Two snapshots of each user, except that every fifth has none.</summary>
    private static KnowledgeTable Table(InteractionDataset data)
    {
        using var random = new Generator(98, CPU);
        float[] Numbers(int count) => randn(count, generator: random).data<float>().ToArray();
        UserSnapshots[] users = [.. data.Encoder.Users.Keys.Where((_, k) => k % 5 > 0).Order(StringComparer.Ordinal).Select((id, k) => new UserSnapshots(id, [200 + 3 * k, 600 + 3 * k]))];
        string[] scenarios = [.. SampleData.Scenarios.Select(s => s.Name).Order(StringComparer.Ordinal)];
        return new KnowledgeTable(
            new KnowledgeOrigin(Samples.Fingerprint with { UserWidth = UserWidth, ScenarioWidth = ScenarioWidth }, Samples.State, Samples.Basis, Samples.Interactions, "content"),
            users, Numbers(2 * users.Length * UserWidth), scenarios, Numbers(scenarios.Length * ScenarioWidth));
    }
}
