namespace Llm4Msr.Language;

/// <summary>What a model said to one prompt.</summary>
/// <param name="Text">Without special tokens; empty where the model has no tokenizer.</param>
/// <param name="GeneratedIds">An end-of-text token, where the model gave one, is the last of them. None from a server, which gives text only.</param>
/// <param name="PromptTokens">How many tokens the prompt had.</param>
/// <param name="States">After the final norm.</param>
public sealed record Answer(string Text, IReadOnlyList<int> GeneratedIds, int PromptTokens, HiddenStates States)
{
    /// <summary>How many tokens were generated.</summary>
    public int NewTokens { get; init; } = GeneratedIds.Count;

    /// <summary>Tokens that were read in a second pass for the state; 0 where the first gave it.</summary>
    public int TokensReadAgain { get; init; }

    /// <summary>The states after the layers of <see cref="GenerationOptions.Layers"/>, before any norm, by layer.</summary>
    public IReadOnlyDictionary<int, HiddenStates> AfterLayers { get; init; } = new Dictionary<int, HiddenStates>();
}
