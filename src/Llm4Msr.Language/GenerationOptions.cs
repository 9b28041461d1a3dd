using Llm4Msr.Language.Decoding;
using Llm4Msr.Platform;

namespace Llm4Msr.Language;

/// <summary>How an answer is generated.</summary>
/// <param name="MaxNewTokens">An answer ends here, or at the model's end-of-text token; at least 1.</param>
/// <param name="Sampling">Null: the likeliest token each time.</param>
public sealed record GenerationOptions(int MaxNewTokens = 48, Sampling? Sampling = null)
{
    /// <summary>
    /// Layers after which states are wanted too, before any norm: 1 for the first, 0 for the embedding, at most
    /// <see cref="ILanguageModel.Layers"/>.
    /// </summary>
    public IReadOnlyList<int> Layers { get; init; } = [];

    /// <summary>
    /// Called with every prompt's place and answer as soon as it is answered, together with those that end at the same token; on the
    /// thread that asks. Null where answers are wanted together.
    /// </summary>
    public Action<IReadOnlyList<(int Prompt, Answer Answer)>>? Answered { get; init; }

    /// <summary>Whether an end-of-text token ends nothing, as in reference numbers.</summary>
    internal bool GoesOnAfterEnd { get; init; }
}

/// <summary>Tokens drawn by chance instead of the likeliest.</summary>
/// <param name="Temperature">Above 0: below 1 the likely become likelier, above 1 less so.</param>
/// <param name="TopP">Above 0, at most 1: only the likeliest tokens that together have this probability are drawn.</param>
/// <param name="Seed">With a prompt's key it decides every draw.</param>
/// <param name="Keys">
/// One per prompt: who or what is asked about. The same key and seed draw the same, whatever is asked beside it.
/// </param>
public sealed record Sampling(double Temperature, double TopP, long Seed, IReadOnlyList<string> Keys)
{
    internal TokenSampler For(int prompt) => new(Temperature, TopP, Seed, Keys[prompt]);

    /// <summary>Throws where no such draw can be.</summary>
    internal void Check(int prompts)
    {
        if (!(Temperature > 0 && double.IsFinite(Temperature)))
            throw Wrong($"the temperature is {Temperature}, expected a number above 0");
        if (!(TopP > 0 && TopP <= 1))
            throw Wrong($"top-p is {TopP}, expected a number above 0 and at most 1");
        if (Keys.Count != prompts)
            throw Wrong($"{prompts} prompts have {Keys.Count} keys to draw by");

        static Llm4MsrException Wrong(FormattableString what) => new(FaultKind.Usage, $"Tokens cannot be drawn: {FormattableString.Invariant(what)}.");
    }
}
