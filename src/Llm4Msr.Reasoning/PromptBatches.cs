using Llm4Msr.Knowledge;
using Llm4Msr.Language;
using Llm4Msr.Platform;

namespace Llm4Msr.Reasoning;

/// <summary>Which prompts are answered together: of like length, so that little is padding, and no more than memory holds.</summary>
public static class PromptBatches
{
    /// <summary>Memory that is left to everything but weights, keys and values.</summary>
    public const long Reserve = 1L << 30;

    private const double MostPadding = 0.05;

    /// <summary>
    /// Scenarios before users; within each the longest first, so that the time left is not underestimated. A batch ends where
    /// it is full, where the next prompt would make it larger than memory allows, or where it is so much shorter that padding
    /// would be more than a twentieth.
    /// </summary>
    /// <exception cref="Llm4MsrException">Not even one prompt fits.</exception>
    public static IReadOnlyList<Question[]> Of(IEnumerable<Question> questions, ModelMemory memory, ReasoningOptions options)
    {
        var room = memory == ModelMemory.Elsewhere ? long.MaxValue : (options.MemoryBytes - Reserve - memory.Weights) / Math.Max(1, options.Workers) - memory.PerBatch;
        List<Question[]> batches = [];
        List<Question> batch = [];
        long tokens = 0;
        foreach (var question in questions.OrderBy(q => q.Key.Level == KnowledgeLevel.Scenario ? 0 : 1).ThenByDescending(q => q.Tokens))
        {
            if (batch.Count > 0 && !Fits(question))
            {
                batches.Add([.. batch]);
                (batch, tokens) = ([], 0);
            }
            if (batch.Count == 0 && Bytes(question.Tokens, rows: 1) > room)
                throw TooLittle(question, memory, options);
            batch.Add(question);
            tokens += question.Tokens;
        }
        if (batch.Count > 0)
            batches.Add([.. batch]);
        return batches;

        bool Fits(Question next)
        {
            var (longest, rows) = (batch[0].Tokens, batch.Count + 1L);
            return rows <= options.BatchSize
                && next.Key.Level == batch[0].Key.Level
                && Bytes(longest, rows) <= room
                && longest * rows - tokens - next.Tokens <= MostPadding * longest * rows;
        }

        long Bytes(long longest, long rows) => memory.PerToken * rows * (longest + options.MaxNewTokens);
    }

    private static Llm4MsrException TooLittle(Question question, ModelMemory memory, ReasoningOptions options)
    {
        var need = memory.Weights + Reserve + Math.Max(1, options.Workers) * (memory.PerBatch + memory.PerToken * (question.Tokens + options.MaxNewTokens));
        return new Llm4MsrException(FaultKind.ResourceMissing, FormattableString.Invariant(
            $"The model takes {memory.Weights >> 20} MiB; to ask one prompt of {question.Tokens} tokens in each of {options.Workers} workers, {need >> 20} MiB are needed, and {options.MemoryBytes >> 20} MiB may be used. ")
            + "Give more memory (--memory), fewer workers (--workers), or keep the weights as stored (--weights keep).");
    }
}
