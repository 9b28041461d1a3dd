using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;
using TorchSharp;

namespace Llm4Msr.Serving;

/// <summary>
/// Asks a trained model what one of its predictions hangs on: the same row again, each time with one thing taken away or
/// changed. What the model did is shown so, not why a person clicks.
/// </summary>
public sealed class PredictionExplainer : IDisposable
{
    private readonly ClickModel _model;
    private readonly FusionOptions? _fusion;
    private readonly RowEncoder _encoder;
    private readonly KnowledgeTable? _table;
    private readonly FrozenKnowledge? _frozen;

    /// <param name="model">Ready to score; belongs to the explainer from here on.</param>
    /// <param name="table">As the model reads it; null for a model without knowledge.</param>
    internal PredictionExplainer(ClickModel model, ModelOptions options, RowEncoder encoder, KnowledgeTable? table)
    {
        _model = model;
        _fusion = options.Fusion;
        _encoder = encoder;
        _table = table;
        _frozen = table is null ? null : FrozenKnowledge.Of(table, model.Knowledge!, [.. encoder.Scenarios.Select(s => s.Name)]);
    }

    /// <param name="seed">Which of the run's models.</param>
    public static PredictionExplainer Load(ModelFolder folder, int seed) => new(
        folder.Load(seed), folder.Description.Options, folder.Encoder, folder.Knowledge is { } own ? folder.Description.Knowledge!.Arm.Apply(own, seed) : null);

    /// <summary>An interaction of the data, which sees what the protocol shows it.</summary>
    public Explanation Explain(InteractionDataset data, int rank)
    {
        var rows = data.Rows([rank]);
        var seen = _table?.RowsSeen(data.Encoder.Users.Keys, data.Interactions.User, [.. data.Parts.Select(p => p is Part.Validation or Part.Test)])[rank] ?? -1;
        return Explain(rows, seen, rank, data.Encoder.Users.Keys[rows.User[0]], data.Encoder.Items.Keys[rows.Item[0]]) with
        {
            Rank = rank,
            Clicked = data.Interactions.Clicked[rank],
        };
    }

    /// <summary>A row that lies after all that are known, as in prediction: its user is seen with their newest knowledge.</summary>
    public Explanation Explain(RawRow row) => Explain(_encoder.Encode([row]), _table?.NewestRow(row.User) ?? -1, long.MaxValue, row.User, row.Item);

    public void Dispose()
    {
        _frozen?.Dispose();
        _model.Dispose();
    }

    /// <param name="seen">Row of the table, or -1.</param>
    private Explanation Explain(EncodedRows row, int seen, long rank, string user, string item)
    {
        var logit = Logit(row, seen);
        var fields = _encoder.Schema.Fields.Select((field, f) =>
        {
            var without = Logit(row, seen, hiddenField: f);
            return new FieldEffect(field.Name, field.Owner, ValuesOf(row, f), without, logit - without);
        }).ToList();
        return new Explanation(
            _encoder.Scenarios[row.Scenario[0]].Name, user, item, Rank: null, Clicked: null,
            ClickPredictor.Probability(logit), logit, _model.SharesIn(row.Scenario[0]), _table is null ? null : EffectsOf(row, seen, rank), fields);
    }

    private KnowledgeEffects EffectsOf(EncodedRows row, int seen, long rank)
    {
        var (readsUsers, readsScenarios) = (_fusion!.UserLevel != FusionPlacement.None, _fusion.ScenarioLevel != FusionPlacement.None);
        long? asOf = seen < 0 ? null : _table!.AsOfRanks()[seen];
        var near = readsUsers && asOf is not null ? _table!.NearestUser(seen, Math.Max(rank, asOf.Value)) : null;
        return new KnowledgeEffects(
            asOf,
            _table!.ScenarioRow(_encoder.Scenarios[row.Scenario[0]].Name) >= 0,
            readsUsers ? Logit(row, knowledgeRow: -1) : null,
            readsScenarios ? Logit(row, seen, withoutScenario: true) : null,
            near is null ? null : new NeighbourEffect(near.User, near.AsOfRank, near.Cosine, Logit(row, near.Row)));
    }

    /// <summary>One call of the model with one row.</summary>
    private float Logit(EncodedRows row, int knowledgeRow, bool withoutScenario = false, int? hiddenField = null)
    {
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var batch = _encoder.Encode(row);
        if (hiddenField is { } hidden)
            batch = batch with { Fields = [.. batch.Fields.Select((values, f) => f == hidden ? NeverSeen(values) : values)] };
        bool[] drop = withoutScenario ? [.. Enumerable.Repeat(true, _encoder.Scenarios.Count)] : [];
        return _model.call(batch, _frozen?.For([knowledgeRow], drop)).item<float>();
    }

    private static FieldValues NeverSeen(FieldValues values) => new(
        torch.tensor(new long[] { FeatureVocabulary.Unseen }), values.Starts is null ? null : torch.tensor(new long[] { 0 }));

    /// <summary>The raw values behind the indices that the model reads.</summary>
    private string[] ValuesOf(EncodedRows row, int field)
    {
        var (name, owner) = (_encoder.Schema.Fields[field].Name, _encoder.Schema.Fields[field].Owner);
        if (owner == FieldOwner.Scenario)
            return [_encoder.Scenarios[row.Scenario[0]].Name];
        using var scope = torch.NewDisposeScope();
        var known = _encoder.Vocabularies[name].Values;
        return [.. _encoder.Encode(row).Fields[field].Values.data<long>().ToArray().Where(index => index != FeatureVocabulary.Unseen).Select(index => known[(int)index - 1])];
    }
}
