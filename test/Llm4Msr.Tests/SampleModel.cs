using Llm4Msr.Data;
using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;
using static TorchSharp.torch;

namespace Llm4Msr.Tests;

/// <summary>A model over <see cref="SampleData"/>, with made-up knowledge for most of its users.</summary>
internal sealed class SampleModel : IDisposable
{
    private const int UserWidth = 20, ScenarioWidth = 12;

    private readonly InteractionDataset _data;
    private readonly Tensor? _users;
    private readonly Tensor? _scenarios;

    private SampleModel(InteractionDataset data, ClickModel model, Tensor? users, Tensor? scenarios)
    {
        _data = data;
        Model = model;
        _users = users;
        _scenarios = scenarios;
        Knowledge = Visible(scenarios);
    }

    public ClickModel Model { get; }

    public VisibleKnowledge? Knowledge { get; private set; }

    /// <param name="enhancement">none, default or paper.</param>
    public static SampleModel Of(InteractionDataset data, BackboneKind backbone, string enhancement, ulong seed = 1)
    {
        var options = new ModelOptions
        {
            Backbone = backbone,
            EmbeddingSize = 4,
            HiddenWidths = [12, 8],
            Enhancement = enhancement == "none" ? EnhancementKind.None : EnhancementKind.Llm4Msr,
            Fusion = enhancement switch
            {
                "none" => null,
                "default" => new FusionOptions { UserHidden = 6, ScenarioHidden = 5, Components = 4 },
                "paper" => FusionOptions.Paper() with { UserHidden = 6, ScenarioHidden = 5 },
                _ => throw new ArgumentOutOfRangeException(nameof(enhancement), enhancement, null),
            },
        };
        if (options.Fusion is null)
            return new SampleModel(data, new ClickModel(data.Encoder.Schema, SampleData.Scenarios.Length, options, null, seed), null, null);

        using var random = new Generator(99, CPU);
        var users = randn(data.Encoder.Users.Count, UserWidth, generator: random);
        var scenarios = randn(SampleData.Scenarios.Length, ScenarioWidth, generator: random);
        var reader = new KnowledgeReader(users, scenarios, options.Fusion);
        return new SampleModel(data, new ClickModel(data.Encoder.Schema, SampleData.Scenarios.Length, options, reader, seed), users, scenarios);
    }

    public float[] Score(int[] ranks) => Scorer.Score(Model, _data.Encoder, _data.Rows(ranks), Knowledge?.Frozen, Knowledge?.RowsAt(ranks));

    public Tensor Loss(int[] ranks)
    {
        var batch = _data.Encoder.Encode(_data.Rows(ranks));
        return nn.functional.binary_cross_entropy_with_logits(Model.call(batch, Knowledge?.Frozen.For(Knowledge.RowsAt(ranks), [false, true, false])), batch.Clicked);
    }

    /// <summary>Moves every weight, so that nothing sits at its special starting value.</summary>
    public void Disturb()
    {
        using var _ = no_grad();
        using var random = new Generator(5, CPU);
        foreach (var parameter in Model.parameters())
            parameter.add_(randn(parameter.shape, generator: random), 0.1);
    }

    public void ReplaceScenarioVector(int scenario)
    {
        var changed = _scenarios!.clone();
        changed[scenario].add_(arange(ScenarioWidth, float32));
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
