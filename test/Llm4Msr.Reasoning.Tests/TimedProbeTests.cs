using Llm4Msr.Knowledge;
using Llm4Msr.Language;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning.Prompts;

namespace Llm4Msr.Reasoning.Tests;

public class TimedProbeTests
{
    private static readonly ReasoningOptions s_options = new() { BatchSize = 8, Workers = 1, MaxNewTokens = 50 };

    [Fact]
    public void TheMiddleOfEachStratumOfEqualWorkIsAsked()
    {
        // Work: 10 batches of 8 x (300 + 100), then 10 of 8 x (100 + 100): of 48,000 in four strata the middles lie at 6,000, 18,000, 30,000, 42,000.
        var batches = Batches([.. Enumerable.Repeat(300, 10), .. Enumerable.Repeat(100, 10)]);
        var model = new FakeLanguageModel();

        var probe = TimedProbe.Run(model, batches, strata: 4, s_options, TestContext.Current.CancellationToken);

        Assert.Equal((4, 32), (probe.Batches, probe.Prompts));
        Assert.Equal([1, 5, 9, 16], model.Asked.Select(tokens => tokens.Count(token => token == 'x')).Distinct());
        Assert.Equal(2, probe.NewTokens);
        Assert.Equal(20, probe.BatchSeconds.Count);
    }

    [Fact]
    public void ABatchThatIsNotAskedTakesAsLongPerWorkAsTheNearestOneThatIs()
    {
        var probe = TimedProbe.Run(new FakeLanguageModel(), Batches([500, 300, 200, 100]), strata: 1, s_options, TestContext.Current.CancellationToken);

        // Work per prompt 600, 400, 300, 200: half of 1,500 lies in the second.
        var asked = probe.BatchSeconds[1];
        Assert.True(asked > 0);
        Assert.Equal([asked * 1.5, asked, asked * 0.75, asked * 0.5], probe.BatchSeconds, new Near());
    }

    [Fact]
    public void OfSeveralThatAreAskedTheNearestOneCounts()
    {
        var model = new FakeLanguageModel();
        model.BeforeBatch = batch => Thread.Sleep(batch == 0 ? 1 : 60); // so that the two that are asked differ

        var seconds = TimedProbe.Run(model, Batches([300, 300, 300, 300, 300, 300]), strata: 2, s_options with { Workers = 1 }, TestContext.Current.CancellationToken).BatchSeconds;

        Assert.Equal([seconds[1], seconds[1], seconds[1], seconds[4], seconds[4], seconds[4]], seconds, new Near());
    }

    [Fact]
    public void MoreStrataThanBatchesAskEachBatchOnce()
    {
        var model = new FakeLanguageModel();

        var probe = TimedProbe.Run(model, Batches([300, 200, 100]), strata: 50, s_options, TestContext.Current.CancellationToken);

        Assert.Equal((3, 24), (probe.Batches, model.Asked.Count));
    }

    [Fact]
    public void EachWorkerWarmsUpOnTheShortestPromptBeforeAnythingIsTimed()
    {
        var model = new FakeLanguageModel { Memory = new(1, 0, 0) };
        model.BeforeBatch = batch => Thread.Sleep(model.BatchSizes[batch] == 1 ? 100 : 0);

        var probe = TimedProbe.Run(model, Batches([300, 100]), strata: 2, s_options with { Workers = 2 }, TestContext.Current.CancellationToken);

        Assert.Equal([8, 8], model.BatchSizes.SkipWhile(size => size == 1));
        Assert.InRange(model.BatchSizes.Count, 2 + 2, 2 + 12);
        Assert.All(model.Asked.Take(model.BatchSizes.Count - 2), tokens => Assert.Equal(1, tokens.Count(token => token == 'x'))); // of the second batch
        Assert.Equal(16, probe.Prompts);
    }

    [Fact]
    public void OfAQuickModelMoreIsAskedThanOfASlowOne()
    {
        var quick = new FakeLanguageModel { Memory = new(1, 0, 0) };
        var slow = new FakeLanguageModel { Memory = new(1, 0, 0) };
        var batches = Batches([.. Enumerable.Repeat(300, 30)]);

        Assert.Equal(30, TimedProbe.Run(quick, batches, strata: 1, s_options, TestContext.Current.CancellationToken).Batches); // each once
        Assert.Equal(1, TimedProbe.Run(slow, batches, strata: 1, s_options, TestContext.Current.CancellationToken, leastProcessorSeconds: 0).Batches);
        Assert.Equal(30, quick.BatchSizes.Count(size => size == 8));
    }

    [Fact]
    public void AServerIsWarm()
    {
        var model = new FakeLanguageModel { Memory = ModelMemory.Elsewhere };

        TimedProbe.Run(model, Batches([300, 100]), strata: 2, s_options, TestContext.Current.CancellationToken);

        Assert.Equal([8, 8], model.BatchSizes);
    }

    [Fact]
    public void ABatchWithoutUsableAnswersIsLeftOutAndTheOthersTellTheTime()
    {
        var model = new FakeLanguageModel { Memory = ModelMemory.Elsewhere };
        model.BeforeBatch = batch =>
        {
            if (batch == 1)
                throw new Llm4MsrException(FaultKind.BadInput, "It says nothing.") { IsOfOneInput = true };
            Thread.Sleep(batch == 0 ? 20 : 60);
        };

        var probe = TimedProbe.Run(model, Batches([300, 300, 300]), strata: 3, s_options, TestContext.Current.CancellationToken);

        Assert.Equal((2, 16, 8, "It says nothing."), (probe.Batches, probe.Prompts, probe.Skipped, probe.Problem));
        Assert.Equal(probe.BatchSeconds[0], probe.BatchSeconds[1], new Near()); // as long as the nearest that was answered
    }

    [Fact]
    public void WhereNoAnswerAtAllCanBeUsedTheProbeSaysWhy()
    {
        var model = new FakeLanguageModel { Memory = ModelMemory.Elsewhere, BeforeBatch = _ => throw new Llm4MsrException(FaultKind.BadInput, "It says nothing.") { IsOfOneInput = true } };

        Assert.Equal("It says nothing.", Assert.Throws<Llm4MsrException>(() => TimedProbe.Run(model, Batches([300, 100]), strata: 2, s_options, TestContext.Current.CancellationToken)).Message);
    }

    [Fact]
    public void WorkersTakeBatchesInTheirOrderAndNoneIsBegunAfterTheTime()
    {
        double[] seconds = [4, 3, 2, 1]; // the second worker begins the third at 3, the first the fourth at 4

        Assert.Equal((10, 4), TimedProbe.Duration(seconds, workers: 1));
        Assert.Equal((5, 4), TimedProbe.Duration(seconds, workers: 2));
        Assert.Equal((5, 3), TimedProbe.Duration(seconds, workers: 2, until: 3.5));
        Assert.Equal((4, 2), TimedProbe.Duration(seconds, workers: 2, until: 3));
        Assert.Equal((0, 0), TimedProbe.Duration([], workers: 2));
    }

    /// <summary>Full batches, whose prompts have their number of x and count so many tokens.</summary>
    private static List<Question[]> Batches(int[] lengths) =>
    [
        .. lengths.Select((length, number) => Enumerable.Range(0, 8).Select(row =>
            new Question(KnowledgeKey.ForUser($"{number}-{row}"), 1, "", new Prompt(new string('x', number), "", 0), length)).ToArray()),
    ];

    private sealed class Near : IEqualityComparer<double>
    {
        public bool Equals(double x, double y) => Math.Abs(x - y) <= 1e-9 * Math.Abs(x);

        public int GetHashCode(double obj) => 0;
    }
}
