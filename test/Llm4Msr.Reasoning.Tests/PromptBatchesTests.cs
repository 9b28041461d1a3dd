using CsCheck;
using Llm4Msr.Knowledge;
using Llm4Msr.Language;
using Llm4Msr.Platform;

namespace Llm4Msr.Reasoning.Tests;

public class PromptBatchesTests
{
    private static readonly ModelMemory s_nothing = new(0, 0, 0);

    [Fact]
    public void EveryPromptIsInOneBatchAndPaddingStaysBelowATwentieth() =>
        Gen.Int[1, 2000].Array[0, 300].Sample(lengths =>
        {
            var batches = PromptBatches.Of(Users(lengths), s_nothing, new ReasoningOptions { BatchSize = 32, Workers = 2 });

            Assert.Equal(lengths.OrderDescending(), batches.SelectMany(b => b.Select(q => q.Tokens)));
            Assert.All(batches, batch => Assert.InRange(batch.Length, 1, 32));
            Assert.All(batches, batch => Assert.InRange(Padding(batch), 0, 0.05 * batch.Length * batch[0].Tokens));
        });

    [Fact]
    public void OfPromptsOfOrdinaryLengthsNearlyAllBatchesAreFull()
    {
        // Histories have about a log-normal length; an instruction stands before each.
        var random = new Random(2);
        int[] lengths = [.. Enumerable.Range(0, 2000).Select(_ => 150 + (int)Math.Min(900, Math.Exp(5 + 0.7 * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()))))];

        var batches = PromptBatches.Of(Users(lengths), s_nothing, new ReasoningOptions { BatchSize = 32, Workers = 2 });

        Assert.InRange(batches.Sum(Padding), 0, 0.05 * lengths.Sum());
        Assert.InRange(batches.Count, 2000 / 32, 2000 / 32 + 12);
    }

    [Fact]
    public void TheFirstBatchesOfEachWorkerAreSmallAndDouble()
    {
        var batches = PromptBatches.Of(Users([.. Enumerable.Repeat(100, 200)]), s_nothing, new ReasoningOptions { BatchSize = 32, Workers = 2 });

        Assert.Equal([4, 4, 8, 8, 16, 16, 32, 32, 32, 32, 16], batches.Select(batch => batch.Length));
        Assert.Equal([4, 4, 6, 6], PromptBatches.Of(Users([.. Enumerable.Repeat(100, 20)]), s_nothing, new ReasoningOptions { BatchSize = 6, Workers = 2 }).Select(batch => batch.Length));
    }

    [Fact]
    public void UnderALimitOfTimeTheOrderOfWorthIsKeptBatchesAhead()
    {
        int[] lengths = [.. Enumerable.Range(0, 1000).Select(i => 100 + i % 7)];
        var options = new ReasoningOptions { BatchSize = 8, Workers = 2, Budget = new ReasoningBudget(Time: TimeSpan.FromHours(1)) };

        var batches = PromptBatches.Of(Users(lengths), s_nothing, options);

        var asked = batches.SelectMany(batch => batch).Select((question, place) => (Worth: int.Parse(question.Key.Id, null), place)).ToList();
        Assert.Equal(1000, asked.Count);
        Assert.All(asked, a => Assert.Equal(a.Worth / 64, a.place / 64)); // 4 batches of 8 for each of 2 workers
    }

    [Fact]
    public void WeightsKeysAndValuesAndOneGibibyteStayBelowTheMemoryThatIsGiven() =>
        Gen.Select(Gen.Int[1, 500].Array[1, 60], Gen.Int[1, 4], Gen.Int[600, 5000]).Sample((lengths, workers, cacheMegabytes) =>
        {
            var memory = new ModelMemory(Weights: 3L << 30, PerToken: 1 << 20, PerBatch: 100 << 20);
            var options = new ReasoningOptions
            {
                Workers = workers,
                MaxNewTokens = 48,
                BatchSize = 64,
                MemoryBytes = memory.Weights + PromptBatches.Reserve + workers * (memory.PerBatch + ((long)cacheMegabytes << 20)),
            };

            var batches = PromptBatches.Of(Users(lengths), memory, options);

            Assert.All(batches, batch => Assert.InRange((long)batch.Length * (batch[0].Tokens + 48), 1, cacheMegabytes));
        });

    [Fact]
    public void APromptForWhichThereIsNoMemoryIsRefusedWithTheWayOut()
    {
        var memory = new ModelMemory(Weights: 3L << 30, PerToken: 1 << 20, PerBatch: 0);
        var options = new ReasoningOptions { Workers = 2, MaxNewTokens = 48, MemoryBytes = 4200L << 20 };

        var error = Assert.Throws<Llm4MsrException>(() => PromptBatches.Of(Users([100]), memory, options));

        Assert.Equal(FaultKind.ResourceMissing, error.Kind);
        Assert.Equal(
            "The model takes 3072 MiB; to ask one prompt of 100 tokens in each of 2 workers, 4392 MiB are needed, and 4200 MiB may be used. "
            + "Give more memory (--memory), fewer workers (--workers), or keep the weights as stored (--weights keep).",
            error.Message);
    }

    private static long Padding(Question[] batch) => batch.Sum(q => (long)(batch[0].Tokens - q.Tokens));

    private static IEnumerable<Question> Users(int[] lengths) => lengths.Select((length, i) =>
        new Question(KnowledgeKey.ForUser($"{i}"), 1, "", null!, length));
}
