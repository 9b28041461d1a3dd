using Llm4Msr.Knowledge;
using Llm4Msr.Reasoning.Prompts;

namespace Llm4Msr.Reasoning;

/// <summary>What is asked and how.</summary>
public sealed record ReasoningOptions
{
    /// <summary>T: the most items of one scenario in a user's prompt.</summary>
    public int History { get; init; } = 15;

    public int MaxNewTokens { get; init; } = 48;

    public KnowledgeProtocol Protocol { get; init; } = KnowledgeProtocol.PastOnly;

    public PromptTemplate Template { get; init; } = PromptTemplate.BuiltIn;

    /// <summary>Prompts that the model answers in one pass, and that are stored together.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>Threads that ask at once, each with a batch of its own. Torch should then have one thread itself.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;
}
