using Llm4Msr.Platform;

namespace Llm4Msr.Language;

/// <summary>Counts and cuts prompts as a language model reads them.</summary>
public interface IPromptReader
{
    /// <summary>The most tokens, prompt and answer together.</summary>
    int ContextLength { get; }

    /// <summary>Tokens of the prompt as the model reads it, frame included; where only a server could tell, no fewer than it will find.</summary>
    /// <exception cref="Llm4MsrException">The model has no tokenizer, or nothing says how to frame a prompt.</exception>
    int CountTokens(ChatPrompt prompt);

    /// <summary>The longest beginning of a text that has at most so many tokens.</summary>
    string Cut(string text, int tokens);
}
