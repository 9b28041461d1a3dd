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

    private const int FirstRows = 4;

    /// <summary>Under a limit of time, so many batches of each worker are made of what is worth most before the next ones are.</summary>
    private const int BatchesOfLikeWorth = 4;

    /// <summary>
    /// Scenarios before users; within each the longest first, so that the time left is not underestimated. A batch ends where
    /// it is full, where the next prompt would make it larger than memory allows, or where it is so much shorter that padding
    /// would be more than a twentieth. The first batches of each worker are small and double, so that something is stored
    /// soon; they depend on nothing but the prompts, so that the same run makes the same ones.
    /// </summary>
    /// <param name="questions">Under a limit of time, what is worth most first.</param>
    /// <exception cref="Llm4MsrException">Not even one prompt fits.</exception>
    public static IReadOnlyList<Question[]> Of(IEnumerable<Question> questions, ModelMemory memory, ReasoningOptions options)
    {
        var room = memory == ModelMemory.Elsewhere ? long.MaxValue : (options.MemoryBytes - Reserve - memory.Weights) / Math.Max(1, options.Workers) - memory.PerBatch;
        List<Question[]> batches = [];
        var together = options.Budget?.Time is null ? int.MaxValue : BatchesOfLikeWorth * Math.Max(1, options.Workers) * options.BatchSize;
        foreach (var some in questions.Chunk(together))
            AddBatches(batches, some, room, memory, options);
        return batches;
    }

    /// <summary>Places before the shorter prompts of a batch.</summary>
    public static long PaddingOf(Question[] batch)
    {
        var longest = batch.Max(q => q.Tokens);
        return batch.Sum(q => (long)(longest - q.Tokens));
    }

    private static void AddBatches(List<Question[]> batches, Question[] questions, long room, ModelMemory memory, ReasoningOptions options)
    {
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

        bool Fits(Question next)
        {
            var (longest, rows) = (batch[0].Tokens, batch.Count + 1L);
            return rows <= MostRows(batches.Count, options)
                && next.Key.Level == batch[0].Key.Level
                && Bytes(longest, rows) <= room
                && longest * rows - tokens - next.Tokens <= MostPadding * longest * rows;
        }

        long Bytes(long longest, long rows) => memory.PerToken * rows * (longest + options.MaxNewTokens);
    }

    private static long MostRows(int batch, ReasoningOptions options) =>
        Math.Min(options.BatchSize, (long)FirstRows << Math.Min(batch / Math.Max(1, options.Workers), 32));

    private static Llm4MsrException TooLittle(Question question, ModelMemory memory, ReasoningOptions options)
    {
        var need = memory.Weights + Reserve + Math.Max(1, options.Workers) * (memory.PerBatch + memory.PerToken * (question.Tokens + options.MaxNewTokens));
        return new Llm4MsrException(FaultKind.ResourceMissing, FormattableString.Invariant(
            $"The model takes {memory.Weights >> 20} MiB; to ask one prompt of {question.Tokens} tokens in each of {options.Workers} workers, {need >> 20} MiB are needed, and {options.MemoryBytes >> 20} MiB may be used. ")
            + "Give more memory (--memory), fewer workers (--workers), or keep the weights as stored (--weights keep).");
    }
}
