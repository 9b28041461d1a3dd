using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Models;
using Llm4Msr.Platform;

namespace Llm4Msr.Serving;

/// <summary>
/// Scores rows with a trained model from its folder alone: no training data, no language model. Each user is seen with
/// their newest knowledge.
/// </summary>
public sealed class ClickPredictor : IDisposable
{
    private readonly ClickModel _model;
    private readonly RowEncoder _encoder;
    private readonly FrozenKnowledge? _frozen;
    private readonly int[] _newest; // by row of the user table; the unknown user has none
    private readonly Dictionary<string, int> _scenarios;

    /// <param name="trained">Names of the scenarios that the model was trained on; null for all.</param>
    private ClickPredictor(ClickModel model, RowEncoder encoder, IReadOnlyList<string>? trained, KnowledgeTable? knowledge)
    {
        _model = model;
        _encoder = encoder;
        Scenarios = [.. encoder.Scenarios.Select(s => s.Name)];
        _scenarios = encoder.Scenarios.Select((s, index) => (s.Name, index)).Where(s => trained is null || trained.Contains(s.Name)).ToDictionary(p => p.Name, p => p.index, StringComparer.Ordinal);
        _frozen = knowledge is null ? null : FrozenKnowledge.Of(knowledge, model.Knowledge!, Scenarios);
        _newest = knowledge is null ? [] : [.. encoder.Users.Keys.Select(knowledge.NewestRow), -1];
    }

    /// <summary>By index.</summary>
    public IReadOnlyList<string> Scenarios { get; }

    /// <summary>The context fields that a row may carry.</summary>
    public IReadOnlyList<string> ContextFields => [.. _encoder.Schema.Of(FieldOwner.Context).Select(f => f.Name)];

    /// <param name="seed">Which of the run's models; null for the first.</param>
    /// <param name="newer">Knowledge of the same fingerprint that takes the place of the folder's own.</param>
    public static ClickPredictor Load(string path, int? seed = null, KnowledgeTable? newer = null)
    {
        var folder = ModelFolder.Open(path);
        var chosen = seed ?? (folder.Seeds.Count > 0 ? folder.Seeds[0] : 0);
        folder.Knowledge?.RequirePrediction();
        if (newer is not null)
            CheckFits(folder, newer);
        if (newer is not null && folder.Description.Knowledge!.ActiveUsers is not null)
            newer = newer.OfUsers(folder.Knowledge!.Users.Select(u => u.Id).ToHashSet(StringComparer.Ordinal)); // whom the model was not to know it does not know now
        var knowledge = newer ?? (folder.Knowledge is { } own ? folder.Description.Knowledge!.Arm.Apply(own, chosen) : null);
        return new ClickPredictor(folder.Load(chosen), folder.Encoder, folder.Description.Scenarios, knowledge);
    }

    /// <summary>The scenario's index, or -1: every tower belongs to a scenario, so that one that is unknown or was not trained on cannot be scored.</summary>
    public int ScenarioIndex(string name) => _scenarios.GetValueOrDefault(name, -1);

    /// <summary>
    /// Turns raw rows into encoded ones. An unknown user is scored without id, features and knowledge; an unknown item
    /// without id and features; an unknown context value as one never seen.
    /// </summary>
    public EncodedRows Encode(IReadOnlyList<RawRow> rows) => _encoder.Encode(rows);

    /// <summary>Probabilities of a click, in the order of the rows.</summary>
    public float[] Predict(EncodedRows rows)
    {
        var logits = Scorer.Score(_model, _encoder, rows, _frozen, _frozen is null ? null : [.. rows.User.Select(user => _newest[user])]);
        return Array.ConvertAll(logits, Probability);
    }

    internal static float Probability(float logit) => (float)(1 / (1 + Math.Exp(-(double)logit)));

    public void Dispose()
    {
        _frozen?.Dispose();
        _model.Dispose();
    }

    private static void CheckFits(ModelFolder folder, KnowledgeTable newer)
    {
        if (folder.Knowledge is null)
            throw new Llm4MsrException(FaultKind.Usage, $"The model in '{folder.Path}' reads no knowledge, so there is none to replace.");
        if (folder.Description.Knowledge!.Arm != KnowledgeArm.Real)
            throw new Llm4MsrException(FaultKind.Usage, $"The model in '{folder.Path}' is a control ({folder.Description.Knowledge.Arm}); real knowledge would mean nothing to it.");
        var differences = folder.Knowledge.Origin.Fingerprint.DifferencesTo(newer.Origin.Fingerprint);
        if (differences.Count > 0)
        {
            throw new Llm4MsrException(FaultKind.Damaged,
                $"The knowledge does not fit the model in '{folder.Path}': {string.Join("; ", differences)}. Make it as the model's own was made, or train again.");
        }
    }
}

/// <param name="Scenario">Index of the scenario.</param>
/// <param name="Context">Raw values of the context fields, in the schema's order.</param>
public sealed record RawRow(int Scenario, string User, string Item, IReadOnlyList<string> Context);

internal static class RawRows
{
    public static EncodedRows Encode(this RowEncoder encoder, IReadOnlyList<RawRow> rows) => new(
        [.. rows.Select(r => r.Scenario)],
        [.. rows.Select(r => encoder.Users.RowOf(r.User))],
        [.. rows.Select(r => encoder.Items.RowOf(r.Item))],
        [.. encoder.Schema.Of(FieldOwner.Context).Select((field, k) => rows.Select(r => encoder.Vocabularies[field.Name].IndexOf(r.Context[k])).ToArray())],
        new float[rows.Count]);
}
