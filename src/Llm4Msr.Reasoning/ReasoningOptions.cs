using Llm4Msr.Knowledge;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning.Prompts;

namespace Llm4Msr.Reasoning;

/// <summary>How much one run may ask; what is worth most is asked first (see <see cref="ReasoningPlan"/>).</summary>
/// <param name="Tokens">Of prompts, and of answers at their longest.</param>
/// <param name="Time">After it no batch is begun.</param>
public sealed record ReasoningBudget(long? Tokens = null, TimeSpan? Time = null);

/// <summary>What is asked and how.</summary>
public sealed record ReasoningOptions
{
    /// <summary>T: the most items of one scenario in a user's prompt.</summary>
    public int History { get; init; } = 15;

    public int MaxNewTokens { get; init; } = 48;

    public KnowledgeProtocol Protocol { get; init; } = KnowledgeProtocol.PastOnly;

    public PromptTemplate Template { get; init; } = PromptTemplate.BuiltIn;

    /// <summary>The hidden states that are kept, all from one pass.</summary>
    public IReadOnlyList<StateChoice> States { get; init; } = StateChoice.Default;

    /// <summary>0 for the likeliest token each time; above, tokens are drawn by chance.</summary>
    public double Temperature { get; init; }

    /// <summary>Of the likeliest tokens that together have this probability one is drawn.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>With the user or scenario it decides every draw: order and batches do not matter.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>
    /// A reason to ask again about a user of whom something is known: so many positive interactions that the known did not
    /// have. Where neither this nor <see cref="MaxAge"/> is said, every changed prompt is asked.
    /// </summary>
    public int? MinNew { get; init; }

    /// <summary>Another reason: what is known is so much older, in the log's time, than what would be asked.</summary>
    public TimeSpan? MaxAge { get; init; }

    /// <summary>How much this run may ask; null for everything.</summary>
    public ReasoningBudget? Budget { get; init; }

    /// <summary>What this run may spend, whatever its budget; null for no limit.</summary>
    public SpendingLimit? Limit { get; init; }

    /// <summary>Bytes that this process may use: weights, keys and values, and 1 GiB for the rest stay below it.</summary>
    public long MemoryBytes { get; init; } = Machine.Current.MemoryBytes;

    /// <summary>Prompts that the model answers in one pass, and that are stored together, at most.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>Threads that ask at once, each with a batch of its own. Torch should then have one thread itself.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;
}
