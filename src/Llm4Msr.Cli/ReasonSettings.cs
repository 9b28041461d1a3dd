using Llm4Msr.Knowledge;
using Llm4Msr.Language;
using Llm4Msr.Language.Servers;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning;

namespace Llm4Msr.Cli;

/// <summary>A language model from disk or behind a server.</summary>
/// <param name="Loading">Of a model from disk.</param>
/// <param name="Server">Null for a model from disk.</param>
internal sealed record ModelChoice(string Path, LoadOptions Loading, ServerOptions? Server)
{
    public bool IsServer => Server is not null;

    public ILanguageModel Open(CancellationToken cancellation) => Server is null ? LanguageModel.Load(Path, Loading) : ServerLanguageModel.Connect(Server, cancellation);
}

/// <summary>What is to be asked of which model, and where the answers go.</summary>
/// <param name="Output">Null only where nothing is written.</param>
/// <param name="Reuse">Store of earlier interactions, or null.</param>
/// <param name="States">Those that are kept; none named for all that the model gives.</param>
/// <param name="Layers">Null for the last; none named for it alone.</param>
/// <param name="Options">All but what the model has to be known for.</param>
internal sealed record ReasonSettings(
    string Data, ModelChoice Model, string? Output, string? Reuse, IReadOnlyList<HiddenStateDefinition> States, IReadOnlyList<int?> Layers, SpendingSettings Spending,
    ReasoningOptions Options)
{
    /// <summary>The options for a model, which decides what can be kept and what a token costs.</summary>
    public ReasoningOptions OptionsFor(ILanguageModel model) => Options with { States = StatesOf(model), Limit = Spending.LimitOf(model) };

    /// <summary>The earlier store, whose knowledge has to be comparable; null where none is named.</summary>
    public KnowledgeStore? OpenEarlier(KnowledgeFingerprint fingerprint)
    {
        if (Reuse is null)
            return null;
        var store = KnowledgeStore.OpenForReading(Reuse);
        try
        {
            store.RequireFingerprint(fingerprint);
            return store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>Every state of every layer; those after the final norm first, as a run without these options has them.</summary>
    private IReadOnlyList<StateChoice> StatesOf(ILanguageModel model)
    {
        if (States.Except(model.States).ToList() is [var other, ..])
        {
            throw new Llm4MsrException(FaultKind.Usage, $"--state is {other.ToName()}, which '{model.Identity.Name}' does not give. "
                + $"It gives: {string.Join(", ", model.States.Select(state => state.ToName()))}.");
        }
        if (Layers.FirstOrDefault(layer => layer > model.Layers) is { } none)
            throw new Llm4MsrException(FaultKind.Usage, FormattableString.Invariant($"--layer is {none}: '{model.Identity.Name}' has {model.Layers} layers."));
        var states = States.Count > 0 ? States : model.States;
        var layers = Layers.Count > 0 ? Layers : [null];
        return [.. layers.Distinct().OrderBy(layer => layer ?? -1).SelectMany(layer => states.Distinct().Order().Select(state => new StateChoice(state, layer)))];
    }
}
