using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Language;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning.Prompts;
using Llm4Msr.Testing;

namespace Llm4Msr.Reasoning.Tests;

public sealed class KnowledgeReasonerTests : IDisposable
{
    private static readonly ReasoningOptions s_options = new() { BatchSize = 4, Workers = 2 };

    private readonly ScratchFolder _scratch = new();
    private readonly InteractionDataset _data;

    public KnowledgeReasonerTests()
    {
        // User 1 likes nothing; user 2 likes nothing after the first rows, so that the second prompt is the first again.
        _data = SampleLogs.Prepare(_scratch, [.. Enumerable.Range(0, 400).Select(k =>
            (User: k % 20 + 1, Item: k % 31 + 1, Scenario: k % 2, Liked: k % 20 != 0 && (k % 20 != 1 || k < 60) && k % 3 > 0))]);
    }

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void EveryQuestionIsAskedOnceAndTheScenariosFirst()
    {
        var model = new FakeLanguageModel();

        var done = Run(model, "a.db", s_options with { Workers = 1 });

        var questions = Questions.Of(_data, model, s_options);
        Assert.Equal(questions.Select(q => string.Join(' ', FakeLanguageModel.Encode(q.Prompt.Chat))).Order(), model.Asked.Select(tokens => string.Join(' ', tokens)).Order());
        Assert.Equal((questions.Count, questions.Sum(q => (long)q.Tokens), questions.Count * 2L), (done.Asked, done.PromptTokens, done.NewTokens));
        Assert.Equal(2, model.BatchSizes[0]); // both scenarios, no user among them
        Assert.Contains("scenario commonality", string.Concat(model.Asked[0].Select(t => (char)t)), StringComparison.Ordinal);
    }

    [Fact]
    public void AUserWithoutAPositiveAndAnUnchangedPromptAreNotAsked()
    {
        var questions = Questions.Of(_data, new FakeLanguageModel(), s_options);

        Assert.DoesNotContain(questions, q => q.Key == KnowledgeKey.ForUser("1"));
        Assert.Single(questions, q => q.Key == KnowledgeKey.ForUser("2"));
        Assert.Equal(2, questions.Count(q => q.Key == KnowledgeKey.ForUser("3")));
    }

    [Fact]
    public void APromptOfAScenarioThatTheModelCannotReadIsRefusedByNameBeforeAnythingIsAsked()
    {
        var longest = new PromptBuilder(_data, s_options.Template).ForScenario(0).Text.Length + "Q:  A: ".Length;
        var limit = longest + 20;
        var longer = PromptTemplate.Parse(s_options.Template.Text + $"\n[notes.feed]\n{new string('x', 100)}\n", "mine");

        var refused = Assert.Throws<Llm4MsrException>(() =>
            Questions.Of(_data, new FakeLanguageModel(limit + s_options.MaxNewTokens), s_options with { Template = longer }));

        Assert.Equal(FaultKind.Usage, refused.Kind);
        Assert.Matches($@"\AThe prompt of the scenario 'feed' has \d+ tokens, the model reads at most {limit} beside what it generates\. Shorten the template", refused.Message);
    }

    [Fact]
    public void ASecondRunOverUnchangedDataAsksNothing()
    {
        Run(new FakeLanguageModel(), "a.db", s_options);
        var model = new FakeLanguageModel();

        var done = Run(model, "a.db", s_options);

        Assert.Equal((0, 0), (done.Asked, model.Asked.Count));
    }

    [Fact]
    public void AnotherSplitOfTheSameInteractionsAsksItsScenariosOnly()
    {
        Run(new FakeLanguageModel(), "a.db", s_options);
        var heldOut = SampleLogs.Prepare(_scratch, [.. Enumerable.Range(0, _data.Interactions.Count).Select(rank => (
            _data.Interactions.User[rank] + 1, _data.Interactions.Item[rank] + 1, _data.Interactions.Scenario[rank], _data.Interactions.Positive[rank]))],
            split: new SplitOptions(SplitKind.UserHoldout));
        var model = new FakeLanguageModel();

        var done = Run(model, "a.db", s_options, heldOut);

        Assert.Equal(heldOut.Description.Scenarios.Count, done.Asked);
    }

    [Fact]
    public void BatchesAndWorkersDoNotChangeWhatIsStored()
    {
        Run(new FakeLanguageModel(), "a.db", s_options);
        Run(new FakeLanguageModel(), "b.db", s_options with { BatchSize = 7, Workers = 3 });

        Assert.Equal(ContentHash("a.db"), ContentHash("b.db"));
    }

    [Fact]
    public void WhatFailsInTheMiddleIsSaidAndTheNextRunAsksOnlyTheRest()
    {
        var failing = new FakeLanguageModel { BeforeBatch = batch => { if (batch == 3) throw new InvalidOperationException("the model broke"); } };

        var error = Assert.Throws<InvalidOperationException>(() => { Run(failing, "a.db", s_options with { Workers = 1 }); });
        var model = new FakeLanguageModel();
        var done = Run(model, "a.db", s_options);

        Assert.Equal("the model broke", error.Message);
        Assert.Empty(failing.Asked.Select(Key).Intersect(model.Asked.Select(Key)));
        Assert.Equal(Questions.Of(_data, model, s_options).Count, failing.Asked.Count + done.Asked);
        Run(new FakeLanguageModel(), "whole.db", s_options);
        Assert.Equal(ContentHash("whole.db"), ContentHash("a.db"));

        static string Key(int[] tokens) => string.Join(' ', tokens);
    }

    [Fact]
    public void ALimitStopsBeforeItIsExceededAndWhatIsBeingAnsweredThenIsFinishedAndStored()
    {
        using var second = new ManualResetEventSlim();
        var questions = Questions.Of(_data, new FakeLanguageModel(), s_options);
        var longest = questions.Max(q => q.Tokens) + s_options.MaxNewTokens;
        var budget = 2L * longest; // two prompts may be asked at once, and no third before they are done
        var inFlight = 0;
        var model = new FakeLanguageModel
        {
            AfterBatch = () =>
            {
                if (Interlocked.Increment(ref inFlight) < 2)
                    second.Wait(TestContext.Current.CancellationToken); // the first is answered after the third was refused
                else
                    Thread.Sleep(50);
                second.Set();
            },
        };

        var error = Assert.Throws<Llm4MsrException>(() => { Run(model, "a.db", s_options with { BatchSize = 1, Workers = 3, Limit = new SpendingLimit(budget) }); });

        using var store = KnowledgeStore.OpenForReading(_scratch["a.db"]);
        Assert.Equal(model.Asked.Count, store.Count);
        Assert.InRange(store.Count, 2, 3);
        var spent = store.Records().Sum(r => (long)r.PromptTokens + r.NewTokens);
        Assert.InRange(spent, 1, budget);
        Assert.Equal(FaultKind.ResourceMissing, error.Kind);
        Assert.StartsWith(FormattableString.Invariant($"The budget is used up: {spent:N0} of {budget:N0} tokens (--max-tokens-total) are spent in this run"), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ALimitThatSufficesChangesNothing()
    {
        Run(new FakeLanguageModel(), "a.db", s_options);
        Run(new FakeLanguageModel(), "b.db", s_options with { Limit = new SpendingLimit(10_000_000, 5m, new ModelPrices("EUR", 0.1m, 0.2m, 0.3m)) });

        Assert.Equal(ContentHash("a.db"), ContentHash("b.db"));
    }

    [Fact]
    public void APromptWithoutAUsableAnswerIsLeftAndTheSameCommandAsksItAlone()
    {
        var model = UnusableFrom(3, until: 5);

        var error = Assert.Throws<Llm4MsrException>(() => { Run(model, "a.db", s_options with { BatchSize = 1, Workers = 2 }); });
        var again = new FakeLanguageModel();
        var done = Run(again, "a.db", s_options);

        var prompts = Questions.Of(_data, again, s_options).Count;
        Assert.Equal((FaultKind.BadInput, $"Of {prompts} prompts 3 got no answer that can be used; the same command asks them again. The first: It says nothing."), (error.Kind, error.Message));
        Assert.Equal((prompts, 3), (model.Asked.Count, done.Asked));
        Run(new FakeLanguageModel(), "whole.db", s_options);
        Assert.Equal(ContentHash("whole.db"), ContentHash("a.db"));
    }

    [Fact]
    public void MoreThanAFewUnusableAnswersAreTheModelsFaultAndStopTheRun()
    {
        var model = UnusableFrom(3, until: int.MaxValue);

        var error = Assert.Throws<Llm4MsrException>(() => { Run(model, "a.db", s_options with { BatchSize = 1, Workers = 1 }); });

        using var store = KnowledgeStore.OpenForReading(_scratch["a.db"]);
        Assert.Equal(("It says nothing.", 2, 2 + 4), (error.Message, store.Count, model.Asked.Count));
    }

    [Fact]
    public void WhatAnUnusableAnswerTookIsTakenAsSpent()
    {
        var model = UnusableFrom(1, until: 1);
        var options = s_options with { BatchSize = 1, Workers = 1 };
        var batches = PromptBatches.Of(Questions.Of(_data, model, options), model.Memory, options);
        var (first, second) = (batches[0][0].Tokens + options.MaxNewTokens, batches[1][0].Tokens + options.MaxNewTokens);

        var error = Assert.Throws<Llm4MsrException>(() => { Run(model, "a.db", options with { Limit = new SpendingLimit(first + second - 1) }); });

        Assert.StartsWith(FormattableString.Invariant($"The budget is used up: {first:N0} of {first + second - 1:N0} tokens"), error.Message, StringComparison.Ordinal);
        Assert.Single(model.Asked);
    }

    [Fact]
    public void CancellingKeepsWhatWasAcknowledged()
    {
        using var stop = new CancellationTokenSource();
        var model = new FakeLanguageModel { BeforeBatch = batch => { if (batch == 2) stop.Cancel(); } };
        var acknowledged = 0;

        Assert.ThrowsAny<OperationCanceledException>(() => { Run(model, "a.db", s_options with { Workers = 1 }, stop: stop, acknowledge: p => acknowledged = p.Asked); });

        using var store = KnowledgeStore.OpenForReading(_scratch["a.db"]);
        Assert.Equal(acknowledged, store.Count);
        Assert.Equal(2 + 4 + 4, acknowledged); // the batch in flight was finished and stored
    }

    [Fact]
    public void WhatWasReadOfABatchWhenCancelledIsStoredAndTheNextRunAsksOnlyTheRest()
    {
        using var stop = new CancellationTokenSource();
        var model = new FakeLanguageModel { BeforeBatch = batch => { if (batch == 2) stop.Cancel(); }, ReadWhenCancelled = 3 };
        var acknowledged = new ReasoningProgress();

        Assert.ThrowsAny<OperationCanceledException>(() => { Run(model, "a.db", s_options with { Workers = 1 }, stop: stop, acknowledge: p => acknowledged = p); });
        var again = new FakeLanguageModel();
        var done = Run(again, "a.db", s_options);

        var prompts = Questions.Of(_data, again, s_options).Count;
        Assert.Equal((2 + 4 + 3, 2 * (2 + 4 + 3)), (acknowledged.Asked, acknowledged.NewTokens));
        Assert.Equal((prompts - (2 + 4 + 3), prompts - (2 + 4 + 3)), (done.Asked, again.Asked.Count));
        Run(new FakeLanguageModel(), "whole.db", s_options);
        Assert.Equal(ContentHash("whole.db"), ContentHash("a.db"));
    }

    [Fact]
    public void AnswersThatCameBeforeAnUnusableOneOfTheirBatchAreStoredAndPaidForAsTheyWere()
    {
        var model = new FakeLanguageModel { UnusableThirdOf = 1 };
        var options = s_options with { Workers = 1, Limit = new SpendingLimit(10_000_000) };

        var error = Assert.Throws<Llm4MsrException>(() => { Run(model, "a.db", options); });

        var prompts = Questions.Of(_data, model, options).Count;
        using var store = KnowledgeStore.OpenForReading(_scratch["a.db"]);
        Assert.Equal(prompts - 2, store.Count); // of a batch of four the first two
        Assert.StartsWith($"Of {prompts} prompts 2 got no answer that can be used", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ARecordSaysWhatWasAskedAndFromWhen()
    {
        var model = new FakeLanguageModel();
        Run(model, "a.db", s_options);

        var question = Questions.Of(_data, model, s_options).Last(q => q.Key == KnowledgeKey.ForUser("5"));
        using var store = KnowledgeStore.OpenForReading(_scratch["a.db"]);
        var record = store.Newest(question.Key)!;
        Assert.Equal((question.AsOfRank, question.Prompt.Hash, question.Tokens, 2), (record.AsOfRank, record.PromptHash, record.PromptTokens, record.NewTokens));
        Assert.Equal(_data.Interactions.Time[question.AsOfRank - 1], record.AsOfTime);
        Assert.Equal([0f, 1f, 2f, 3f], record.Vectors.Select(v => v[1])); // the states in the fingerprint's order
        Assert.Equal(["state_that_produced_last", "after_last_token", "last_prompt_token", "mean_of_generated"], store.Fingerprint.States);
    }

    [Fact]
    public void TheFingerprintOfARunWithoutNewOptionsIsWhatItAlwaysWas() => Assert.Equal(
        $$"""{"version":1,"source":"fake","weightsHash":"{{new string('0', 64)}}","tokenizerHash":"","templateHash":"{{s_options.Template.Hash}}","chatFormat":"plain","decoding":"greedy, 48 new tokens","states":["state_that_produced_last","after_last_token","last_prompt_token","mean_of_generated"],"norm":"post","userWidth":4,"scenarioWidth":4,"historyLength":15,"protocol":"past-only","precision":"fp16"}""",
        KnowledgeReasoner.FingerprintOf(new FakeLanguageModel(), new ReasoningOptions()).ToJson());

    [Fact]
    public void WhatTheModelIsToldFirstIsPartOfTheFingerprint() => Assert.Equal(
        "You are kind.", KnowledgeReasoner.FingerprintOf(new FakeLanguageModel { SystemMessage = "You are kind." }, new ReasoningOptions()).SystemMessage);

    [Fact]
    public void TwoSnapshotsOfAUserDrawApartAndTheSamePromptDrawsTheSameWheneverItIsAsked()
    {
        var model = new FakeLanguageModel();
        Run(model, "a.db", s_options with { Temperature = 1 });
        var questions = Questions.Of(_data, model, s_options);

        Assert.Equal(questions.Count, model.SamplingKeys.Distinct().Count());
        Assert.All(questions, question => Assert.Contains(question.SamplingKey, model.SamplingKeys));
        Assert.Equal(questions[5].SamplingKey, (questions[5] with { AsOfRank = 1 + questions[5].AsOfRank }).SamplingKey);
    }

    [Fact]
    public void PaddingIsCountedOverWhatWasAsked()
    {
        var model = new FakeLanguageModel();

        var done = Run(model, "a.db", s_options);

        var batches = PromptBatches.Of(Questions.Of(_data, model, s_options), model.Memory, s_options);
        Assert.Equal(batches.Sum(batch => batch.Sum(q => batch.Max(other => other.Tokens) - q.Tokens)), done.PaddingTokens);
        Assert.NotEqual(0, done.PaddingTokens);
        Assert.Equal(done.PaddingTokens / (double)(done.PaddingTokens + done.PromptTokens), done.PaddedShare);
    }

    [Fact]
    public void StatesOfSeveralLayersAreKeptFromOnePassAndNamed()
    {
        var options = s_options with { States = [new(HiddenStateDefinition.AfterLastToken), new(HiddenStateDefinition.LastPromptToken, Layer: 2)] };
        var model = new FakeLanguageModel();

        Run(model, "a.db", options);

        using var store = KnowledgeStore.OpenForReading(_scratch["a.db"]);
        Assert.Equal(["after_last_token", "last_prompt_token-layer2"], store.Fingerprint.States);
        Assert.Equal(KnowledgeNorm.Post, store.Fingerprint.Norm);
        Assert.All(store.Records(), record => Assert.Equal([1f, 22f], record.Vectors.Select(v => v[1])));
        Assert.Equal(model.Asked.Count, store.Count);
    }

    [Fact]
    public void StatesOfNumberedLayersAloneAreBeforeTheNorm() => Assert.Equal(
        KnowledgeNorm.Pre,
        KnowledgeReasoner.FingerprintOf(new FakeLanguageModel(), s_options with { States = [new(HiddenStateDefinition.AfterLastToken, Layer: 3)] }).Norm);

    [Fact]
    public void HowTokensAreDrawnIsPartOfTheFingerprint() => Assert.Equal(
        "temperature 0.7, top-p 0.9, seed 5, 48 new tokens",
        KnowledgeReasoner.FingerprintOf(new FakeLanguageModel(), s_options with { Temperature = 0.7, TopP = 0.9, Seed = 5 }).Decoding);

    private ReasoningProgress Run(
        FakeLanguageModel model, string name, ReasoningOptions options, InteractionDataset? data = null, CancellationTokenSource? stop = null,
        Action<ReasoningProgress>? acknowledge = null)
    {
        data ??= _data;
        using var store = KnowledgeStore.OpenForWriting(_scratch[name], KnowledgeReasoner.FingerprintOf(model, options), data.Description.InteractionsHash);
        var plan = ReasoningPlan.Of(data, Questions.Of(data, model, options), store, earlier: null, options);
        return KnowledgeReasoner.Run(data, model, plan, store, earlier: null, options, stop?.Token ?? TestContext.Current.CancellationToken, acknowledge);
    }

    /// <summary>A model that gives no usable answer to some of its batches, counted from 1.</summary>
    private static FakeLanguageModel UnusableFrom(int from, int until)
    {
        var asked = 0;
        return new FakeLanguageModel
        {
            AfterBatch = () =>
            {
                if (Interlocked.Increment(ref asked) is var number && number >= from && number <= until)
                    throw new Llm4MsrException(FaultKind.BadInput, "It says nothing.") { IsOfOneInput = true };
            },
        };
    }

    private string ContentHash(string name)
    {
        using var store = KnowledgeStore.OpenForReading(_scratch[name]);
        return store.ContentHash;
    }
}
