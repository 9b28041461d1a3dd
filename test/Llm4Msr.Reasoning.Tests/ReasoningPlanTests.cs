using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Testing;

namespace Llm4Msr.Reasoning.Tests;

/// <summary>New interactions ask no more than they have to.</summary>
public sealed class ReasoningPlanTests : IDisposable
{
    private const int Users = 10, Day = 86_400;

    private static readonly ReasoningOptions s_options = new() { BatchSize = 4, Workers = 1, Protocol = KnowledgeProtocol.WholePeriod };

    private readonly ScratchFolder _scratch = new();
    private readonly FakeLanguageModel _model = new();
    private readonly InteractionDataset _before;

    public ReasoningPlanTests()
    {
        _before = Data([]);
        Run(_before, "before.db", s_options);
        _model.Asked.Clear();
    }

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    public void SoManyPromptsChangedSoManyUsersAreAsked(int changed)
    {
        var after = Data([.. Enumerable.Range(1, changed).SelectMany(user => Later(user, count: 2))], neutral: 1);

        var plan = Run(after, "after.db", s_options, reuse: "before.db");

        Assert.Equal(changed, plan.Ask.Count(q => q.Key.Level == KnowledgeLevel.User));
        Assert.Equal(Users - changed, plan.TakenOver.Count(t => t.Because == TakenOverBecause.SamePrompt && t.Question.Key.Level == KnowledgeLevel.User));
        Assert.Equal(plan.Ask.Count, _model.Asked.Count);
        AssertSameAsAskingEverything(after);
    }

    [Fact]
    public void WhatIsTakenOverCountsAsOfTheNewRanksAndIsNotTakenOverTwice()
    {
        var after = Data(Later(3, count: 1));
        Run(after, "after.db", s_options, reuse: "before.db");
        var first = ContentHash("after.db");
        _model.Asked.Clear();

        var again = Run(after, "after.db", s_options, reuse: "before.db");

        Assert.Equal((again.Questions, 0, 0), (again.Stored.Count, again.TakenOver.Count, _model.Asked.Count));
        Assert.Equal(first, ContentHash("after.db"));
        using var store = Open("after.db");
        Assert.All(Questions.Of(after, _model, s_options), q => Assert.True(store.Contains(q.Key, q.AsOfRank, q.Basis, q.Prompt.Hash)));
    }

    [Fact]
    public void AUserWithLittleNewKeepsWhatWasKnownAtTheNewRank()
    {
        var after = Data([.. Later(1, count: 4), .. Later(2, count: 5), .. Later(3, count: 6)]);
        var options = s_options with { MinNew = 5 };

        var plan = Run(after, "after.db", options, reuse: "before.db");

        Assert.Equal(["2", "3"], plan.Ask.Where(q => q.Key.Level == KnowledgeLevel.User).Select(q => q.Key.Id));
        var kept = Assert.Single(plan.TakenOver, t => t.Because == TakenOverBecause.LittleIsNew);
        Assert.Equal("1", kept.Question.Key.Id);
        using (var earlier = Open("before.db"))
        using (var store = Open("after.db"))
        {
            var (then, now) = (earlier.Newest(kept.Question.Key)!, store.Newest(kept.Question.Key)!);
            Assert.Equal((then.PromptHash, then.Text, then.AsOfTime), (now.PromptHash, now.Text, now.AsOfTime)); // its age is still told
            Assert.Equal(kept.Question.AsOfRank, now.AsOfRank);
            Assert.Equal(then.Vectors, now.Vectors);
        }
        _model.Asked.Clear();
        var again = Run(after, "after.db", options, reuse: "before.db");
        Assert.Equal((0, 1), (_model.Asked.Count, again.TakenOver.Count)); // decided the same, stored already
    }

    [Fact]
    public void OldKnowledgeIsAskedAgainHoweverLittleIsNew()
    {
        var after = Data([.. Later(1, count: 1, days: 40), .. Later(2, count: 1, days: 10)]);

        var plan = Run(after, "after.db", s_options with { MinNew = 5, MaxAge = TimeSpan.FromDays(30) }, reuse: "before.db");
        var byAgeAlone = Plan(after, s_options with { MaxAge = TimeSpan.FromDays(30) }, reuse: "before.db");

        Assert.Equal("1", Assert.Single(plan.Ask, q => q.Key.Level == KnowledgeLevel.User).Key.Id);
        Assert.Equal(plan.Ask.Select(q => q.Key), byAgeAlone.Ask.Select(q => q.Key));
    }

    [Fact]
    public void ANewUserIsAskedWhateverThePolicy()
    {
        var after = Data(Later(Users + 1, count: 1));

        var plan = Plan(after, s_options with { MinNew = 50, MaxAge = TimeSpan.FromDays(365) }, reuse: "before.db");

        Assert.Equal($"{Users + 1}", Assert.Single(plan.Ask, q => q.Key.Level == KnowledgeLevel.User).Key.Id);
    }

    [Fact]
    public void KnowledgeOfWhatCameLaterIsNotTakenOverForAnEarlierSnapshot()
    {
        // The earlier store knows each user's whole period; a snapshot of four tenths must not be answered with it.
        var plan = Plan(_before, s_options with { Protocol = KnowledgeProtocol.PastOnly, MinNew = 50 }, reuse: "before.db");

        Assert.Equal(0, plan.TakenOver.Count(t => t.Question.Key.Level == KnowledgeLevel.User));
        Assert.Equal(2 * Users, plan.Ask.Count(q => q.Key.Level == KnowledgeLevel.User));
    }

    [Fact]
    public void ABudgetOfTokensAsksScenariosThenWhoHasTheMostNewAndLeavesTheRest()
    {
        var after = Data([.. Later(4, count: 3), .. Later(7, count: 9), .. Later(2, count: 5), .. Later(Users + 1, count: 6)]);
        var all = Plan(after, s_options with { Budget = new(Tokens: long.MaxValue) }, reuse: "before.db");
        Assert.Equal(["search", "feed", "7", $"{Users + 1}", "2", "4"], all.Ask.Select(q => q.Key.Id));
        var three = all.Ask.Take(3).Sum(q => q.Tokens + s_options.MaxNewTokens);

        var plan = Run(after, "after.db", s_options with { Budget = new(Tokens: three) }, reuse: "before.db");
        var oneLess = Plan(after, s_options with { Budget = new(Tokens: three - 1) }, reuse: "before.db");

        Assert.Equal(["search", "feed", "7"], plan.Ask.Select(q => q.Key.Id));
        Assert.Equal([$"{Users + 1}", "2", "4"], plan.Left.Select(q => q.Key.Id));
        Assert.Equal(["search", "feed"], oneLess.Ask.Select(q => q.Key.Id));
        Assert.Equal(["2", "4"], plan.TakenOver.Where(t => t.Because == TakenOverBecause.OutOfBudget).Select(t => t.Question.Key.Id)); // nothing is known of the new user
        Assert.Equal(plan.Questions, Questions.Of(after, _model, s_options).Count);

        _model.Asked.Clear();
        Run(after, "after.db", s_options, reuse: "before.db");
        Assert.Equal(3, _model.Asked.Count);
        AssertSameAsAskingEverything(after);
    }

    [Fact]
    public void OfEquallyMuchNewTheOldestKnowledgeIsFirst()
    {
        // User 9's knowledge is the oldest: their interactions stand first in the log.
        var after = Data([.. Later(9, count: 2), .. Later(1, count: 2), .. Later(5, count: 2)]);

        var plan = Plan(after, s_options with { Budget = new(Tokens: long.MaxValue) }, reuse: "before.db");

        Assert.Equal(["9", "5", "1"], plan.Ask.Where(q => q.Key.Level == KnowledgeLevel.User).Select(q => q.Key.Id));
    }

    [Fact]
    public void AfterTheTimeNoBatchIsBegunAndTheRestIsKeptFromBefore()
    {
        var after = Data([.. Later(1, count: 2), .. Later(2, count: 2)]);

        Run(after, "after.db", s_options with { Budget = new(Time: TimeSpan.Zero) }, reuse: "before.db");

        Assert.Empty(_model.Asked);
        using var store = Open("after.db");
        Assert.Equal(Users, store.Records().Count(r => r.Key.Level == KnowledgeLevel.User)); // all have what was known
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1_000)]
    [InlineData(2_500)]
    [InlineData(1_000_000)]
    public void AsManyPromptsArePlannedWithinALimitAsOneWorkerThenAsks(int tokens)
    {
        var options = s_options with { Limit = new SpendingLimit(tokens) };
        var questions = Questions.Of(_before, _model, options);
        var plan = ReasoningPlan.Of(_before, questions, store: null, earlier: null, options);

        var planned = KnowledgePlan.Of(_before, _model, questions, plan, options, probe: 1, prices: null, TestContext.Current.CancellationToken);
        _model.Asked.Clear();
        var stopped = Record.Exception(() => Run(_before, "limited.db", options)) is not null;

        Assert.Equal((planned.WithinLimit, planned.WithinLimit < plan.Ask.Count), (_model.Asked.Count, stopped));
    }

    [Fact]
    public void APlanCostsWhatItsTokensCostAndAtMostWhatTheLongestAnswersWould()
    {
        var questions = Questions.Of(_before, _model, s_options);
        var plan = ReasoningPlan.Of(_before, questions, store: null, earlier: null, s_options);

        var cost = KnowledgePlan.Of(_before, _model, questions, plan, s_options, probe: 1, new ModelPrices("EUR", 3m, 5m, 7m), TestContext.Current.CancellationToken).Cost;

        var (read, asked) = (questions.Sum(q => (decimal)q.Tokens), questions.Count);
        Assert.Equal(new PlannedCost((3 * read + 5 * 2 * asked) / 1_000_000, (3 * read + 5 * 48 * asked) / 1_000_000, "EUR"), cost); // answers of two tokens, nothing read again
    }

    /// <summary>Ten users with six interactions each, the tenth user's first; a day later what is given.</summary>
    /// <param name="neutral">Interactions at the end that nobody liked: other interactions, the same prompts.</param>
    private InteractionDataset Data(IReadOnlyList<(int User, int Item, bool Liked, long Time)> later, int neutral = 0)
    {
        var rows = Enumerable.Range(0, Users * 6).Select(k => (User: Users - k / 6, Item: k % 6 + 1, Liked: true, Time: 1000L + k)).ToList();
        rows.AddRange(later);
        rows.AddRange(Enumerable.Range(0, neutral).Select(k => (User: 1, Item: 30, Liked: false, Time: 1000L + 100 * Day + k)));
        return SampleLogs.Prepare(_scratch, [.. rows.OrderBy(r => r.Time).Select(r => (r.User, r.Item, r.User % 2, r.Liked))], times: [.. rows.Select(r => r.Time).Order()], items: 30);
    }

    private static List<(int User, int Item, bool Liked, long Time)> Later(int user, int count, int days = 1) =>
        [.. Enumerable.Range(0, count).Select(k => (user, 10 + k, true, 1000L + days * Day + 50 * user + k))];

    private ReasoningPlan Plan(InteractionDataset data, ReasoningOptions options, string reuse)
    {
        using var earlier = Open(reuse);
        return ReasoningPlan.Of(data, Questions.Of(data, _model, options), store: null, earlier, options);
    }

    private ReasoningPlan Run(InteractionDataset data, string name, ReasoningOptions options, string? reuse = null)
    {
        using var earlier = reuse is null ? null : Open(reuse);
        using var store = KnowledgeStore.OpenForWriting(_scratch[name], KnowledgeReasoner.FingerprintOf(_model, options), data.Description.InteractionsHash);
        var plan = ReasoningPlan.Of(data, Questions.Of(data, _model, options), store, earlier, options);
        KnowledgeReasoner.Run(data, _model, plan, store, earlier, options, TestContext.Current.CancellationToken);
        return plan;
    }

    private void AssertSameAsAskingEverything(InteractionDataset data)
    {
        var asked = _model.Asked.Count;
        Run(data, "asked.db", s_options);
        Assert.Equal(asked + Questions.Of(data, _model, s_options).Count, _model.Asked.Count);
        using var one = Open("asked.db");
        using var other = Open("after.db");
        Assert.Equal(KnowledgeTexts(one), KnowledgeTexts(other));
    }

    /// <summary>What training reads: of each snapshot the record appended last.</summary>
    private static List<string> KnowledgeTexts(KnowledgeStore store) =>
    [
        .. store.Records().GroupBy(r => (r.Key, r.AsOfRank)).Select(g => g.Last())
            .Select(r => $"{r.Key} {r.AsOfRank} {r.AsOfTime} {r.PromptHash} {r.Text} {string.Join(' ', r.Vectors[0])}").Order(StringComparer.Ordinal),
    ];

    private KnowledgeStore Open(string name) => KnowledgeStore.OpenForReading(_scratch[name]);

    private string ContentHash(string name)
    {
        using var store = Open(name);
        return store.ContentHash;
    }
}
