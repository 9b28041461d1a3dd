using Llm4Msr.Platform;

namespace Llm4Msr.Language;

/// <summary>A frozen language model, wherever it runs.</summary>
public interface ILanguageModel
{
    LanguageModelIdentity Identity { get; }

    /// <summary>The most tokens, prompt and answer together.</summary>
    int ContextLength { get; }

    /// <summary>Numbers in a hidden state.</summary>
    int HiddenSize { get; }

    /// <summary>Layers whose states can be asked for; 0 where only the final state can.</summary>
    int Layers { get; }

    ModelMemory Memory { get; }

    /// <summary>The prompt that asks the model something, framed as it was trained to be asked.</summary>
    /// <param name="userText">The names of special tokens in it stay text.</param>
    /// <param name="answerOpening">The words that the answer is made to start with; they are part of the prompt, not of the answer.</param>
    /// <exception cref="Llm4MsrException">The model has no tokenizer, or nothing says how to frame a prompt.</exception>
    int[] EncodeChat(string userText, string? answerOpening = null);

    /// <summary>The longest beginning of a text that has at most so many tokens.</summary>
    string Cut(string text, int tokens);

    /// <summary>Answers a batch of prompts; each answer is the one that the prompt would get alone. Several threads may ask at once.</summary>
    /// <param name="prompts">Token ids, of any lengths that leave room for the answer.</param>
    /// <returns>One answer per prompt, in their order.</returns>
    IReadOnlyList<Answer> Generate(IReadOnlyList<int[]> prompts, GenerationOptions options, CancellationToken cancellation = default);
}
