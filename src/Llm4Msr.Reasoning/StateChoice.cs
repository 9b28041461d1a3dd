using Llm4Msr.Language;

namespace Llm4Msr.Reasoning;

/// <summary>One of the hidden states that are kept of an answer.</summary>
/// <param name="Layer">After which layer, before any norm; null for the last, after the final norm.</param>
public sealed record StateChoice(HiddenStateDefinition Definition, int? Layer = null)
{
    /// <summary>What the fingerprint calls it: the definition, and the layer where it is not the last.</summary>
    public string Name => Layer is null ? Definition.ToName() : FormattableString.Invariant($"{Definition.ToName()}-layer{Layer}");

    /// <summary>All that one pass gives, after the final norm.</summary>
    public static IReadOnlyList<StateChoice> Default { get; } = [.. HiddenStateDefinitions.OfOnePass.Select(definition => new StateChoice(definition))];

    public float[] Of(Answer answer) => (Layer is { } layer ? answer.AfterLayers[layer] : answer.States)[Definition];
}
