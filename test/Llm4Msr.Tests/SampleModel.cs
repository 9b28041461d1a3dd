using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Tests.Knowledge;
using Llm4Msr.Tests.Models;
using static TorchSharp.torch;

namespace Llm4Msr.Tests;

/// <summary>A model over <see cref="SampleData"/>, with made-up knowledge for most of its users.</summary>
internal sealed class SampleModel : IDisposable
{
    private const int UserWidth = 20, ScenarioWidth = 12;

    private readonly InteractionDataset _data;
    private readonly Tensor? _users;
    private readonly Tensor? _scenarios;

    private SampleModel(InteractionDataset data, ModelOptions options, ClickModel model, Tensor? users, Tensor? scenarios)
    {
        _data = data;
        Options = options;
        Model = model;
        _users = users;
        _scenarios = scenarios;
        Knowledge = Visible(scenarios);
    }

    public ModelOptions Options { get; }

    public ClickModel Model { get; }

    public VisibleKnowledge? Knowledge { get; private set; }

    /// <param name="enhancement">One of <see cref="ModelVariants"/>.</param>
    public static SampleModel Of(
        InteractionDataset data, BackboneKind backbone, string enhancement, ulong seed = 1, Func<ModelOptions, ModelOptions>? change = null)
    {
        var options = ModelVariants.Options(backbone, enhancement);
        options = change?.Invoke(options) ?? options;
        if (options.Fusion is null)
            return new SampleModel(data, options, new ClickModel(data.Encoder.Schema, SampleData.Scenarios.Length, options, null, seed), null, null);

        using var random = new Generator(99, CPU);
        var users = randn(data.Encoder.Users.Count, UserWidth, generator: random);
        var scenarios = randn(SampleData.Scenarios.Length, ScenarioWidth, generator: random);
        var reader = new KnowledgeReader(users, scenarios, options.Fusion);
        return new SampleModel(data, options, new ClickModel(data.Encoder.Schema, SampleData.Scenarios.Length, options, reader, seed), users, scenarios);
    }

    /// <summary>Another model over the same data and knowledge.</summary>
    public SampleModel With(ClickModel other, ModelOptions options) => new(_data, options, other, _users, _scenarios);

    public ModelDescription Description() => new(Options, _data.Description.InteractionsHash, _data.Description.TrainingPartHash,
        Options.Fusion is null ? null : new ModelKnowledge(KnowledgeArm.Real, UserWidth, Model.Knowledge!.Shape.UserWidth, ScenarioWidth, Model.Knowledge.Shape.ScenarioWidth));

    /// <summary>The knowledge as a run folder keeps it; null for a model that reads none.</summary>
    public KnowledgeTable? Table()
    {
        if (_users is null)
            return null;
        var fingerprint = Samples.Fingerprint with { UserWidth = UserWidth, ScenarioWidth = ScenarioWidth };
        string[] users = [.. _data.Encoder.Users.Keys.Order(StringComparer.Ordinal)], scenarios = [.. SampleData.Scenarios.Select(s => s.Name).Order(StringComparer.Ordinal)];
        return new KnowledgeTable(
            new KnowledgeOrigin(fingerprint, Samples.State, Samples.Basis, Samples.Interactions, "content"),
            [.. users.Select(id => new UserSnapshots(id, [0]))], new float[users.Length * UserWidth],
            scenarios, new float[scenarios.Length * ScenarioWidth]);
    }

    public float[] Score(int[] ranks) => Scorer.Score(Model, _data.Encoder, _data.Rows(ranks), Knowledge?.Frozen, Knowledge?.RowsAt(ranks));

    public Tensor Loss(int[] ranks)
    {
        using var scope = NewDisposeScope(); // names what the pass works on until it is done
        var batch = _data.Encoder.Encode(_data.Rows(ranks));
        return nn.functional.binary_cross_entropy_with_logits(Model.call(batch, Knowledge?.Frozen.For(Knowledge.RowsAt(ranks), [false, true, false])), batch.Clicked).MoveToOuterDisposeScope();
    }

    /// <summary>Moves every weight, so that nothing sits at its special starting value.</summary>
    public void Disturb()
    {
        using var random = new Generator(5, CPU);
        SampleNetwork.Disturb(Model, random);
    }

    public void ReplaceScenarioVector(int scenario)
    {
        var changed = _scenarios!.clone();
        SampleNetwork.Disturb(changed[scenario]);
        Knowledge!.Frozen.Dispose();
        Knowledge = Visible(changed);
    }

    public void Dispose()
    {
        Knowledge?.Frozen.Dispose();
        Model.Dispose();
    }

    /// <summary>Every fifth user has no knowledge.</summary>
    private VisibleKnowledge? Visible(Tensor? scenarios) => _users is null ? null : new VisibleKnowledge(
        new FrozenKnowledge(Model.Knowledge!, _users, scenarios!, [false, false, false]),
        [.. _data.Interactions.User.Select(user => user % 5 == 0 ? -1 : user)]);
}
