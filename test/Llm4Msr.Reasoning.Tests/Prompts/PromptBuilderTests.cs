using CsCheck;
using Llm4Msr.Data;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning.Prompts;
using Llm4Msr.Testing;

namespace Llm4Msr.Reasoning.Tests.Prompts;

public sealed class PromptBuilderTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void AUserPromptReadsAsInTheAppendix()
    {
        var data = SampleLogs.Prepare(_scratch, [(1, 1, 0, true), (1, 2, 0, false), (1, 3, 1, true), (1, 4, 0, true), (1, 5, 1, true)]);

        var prompt = UserPrompt(data, user: 0, asOf: 5, perScenario: 15);

        Assert.Equal(
            "On platform Shelf, suppose there are 2 scenarios: search, feed. In search, user_1 liked: Book 4 [novel]; Book 1 [novel]. "
            + "In feed, user_1 liked: Book 5 [novel]; Book 3 [novel]. For this user, considering the interaction frequency and item title plus category "
            + "information, explicitly summarize the common interest among the 2 scenarios first, then summarize the distinct interest in each scenario.",
            prompt.Text);
    }

    [Fact]
    public void AUserOfOneScenarioIsSummarisedThereAloneAndSaidToHaveNothingElsewhere()
    {
        var data = SampleLogs.Prepare(_scratch, [(1, 1, 1, true), (1, 2, 0, false)]);

        var prompt = UserPrompt(data, user: 0, asOf: 2, perScenario: 15);

        Assert.Contains("In search, user_1 has no interaction. In feed, user_1 liked: Book 1 [novel].", prompt.Text, StringComparison.Ordinal);
        Assert.EndsWith("only summarize the interest in feed.", prompt.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void AHistoryHoldsTheMostRecentPositivesBeforeItsRankAndNothingElse() =>
        Gen.Select(Gen.Select(Gen.Int[1, 3], Gen.Int[1, 30], Gen.Int[0, 1], Gen.Bool).Array[20, 60], Gen.Int[0, 60], Gen.Int[1, 5]).Sample((rows, asOf, perScenario) =>
        {
            var data = SampleLogs.Prepare(_scratch, [.. rows.Append((3, 30, 0, true))]);
            var timeline = new UserTimeline(data.Interactions.User, data.Encoder.Users.Count);
            for (var user = 0; user < timeline.Users; user++)
            {
                var history = UserHistory.Of(data.Interactions, timeline, user, asOf, scenarios: 2, perScenario);

                var expected = Enumerable.Range(0, Math.Min(asOf, rows.Length + 1))
                    .Where(rank => data.Interactions.User[rank] == user && data.Interactions.Positive[rank])
                    .GroupBy(rank => data.Interactions.Scenario[rank]).SelectMany(own => own.OrderDescending().Take(perScenario)).OrderDescending();
                Assert.Equal(expected, history.Liked.Select(liked => liked.Rank));
            }
        }, iter: 30);

    [Fact]
    public void WordsThatStandOnlyInLaterRowsStandInNoEarlierPrompt()
    {
        // Every item is liked once, and its title says when.
        var rows = Enumerable.Range(0, 120).Select(k => (User: k % 4 + 1, Item: k + 1, Scenario: k % 2, Liked: true)).ToList();
        var data = SampleLogs.Prepare(_scratch, rows, words: item => new ItemWords($"canary-{item - 1}-", "novel"));
        var model = new FakeLanguageModel();

        foreach (var question in Questions.Of(data, model, new ReasoningOptions()).Where(q => q.Key.Level == Llm4Msr.Knowledge.KnowledgeLevel.User))
        {
            for (var rank = question.AsOfRank; rank < rows.Count; rank++)
                Assert.DoesNotContain($"canary-{rank}-", question.Prompt.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void ATitleIsDataHoweverItIsWritten()
    {
        var hostile = "Line one\r\nLine two\t\u0007\u202Eevil\u200B {history} " + new string('x', 500);
        var data = SampleLogs.Prepare(_scratch, [(1, 1, 0, true), (1, 1, 0, false)], words: _ => new ItemWords(hostile, "a\nb"));

        var text = UserPrompt(data, user: 0, asOf: 1, perScenario: 15).Text;

        Assert.Contains("liked: Line one Line two evil {history} xxx", text, StringComparison.Ordinal);
        Assert.Contains("[a b]", text, StringComparison.Ordinal);
        Assert.DoesNotContain(new string('x', 200), text, StringComparison.Ordinal);
        Assert.DoesNotContain(text, c => char.IsControl(c) || c is '\u202E' or '\u200B');
    }

    [Fact]
    public void AScenarioPromptCountsTheTrainingPartAlone()
    {
        var rows = Enumerable.Range(0, 100).Select(k => (k % 5 + 1, k % 20 + 1, k % 2, k % 3 == 0)).ToList();
        var data = SampleLogs.Prepare(_scratch, rows, split: new SplitOptions(SplitKind.Global));

        var text = new PromptBuilder(data, PromptTemplate.BuiltIn).ForScenario(1).Text;

        Assert.StartsWith("On platform Shelf, a place for tests, suppose there are 40 interactions in search, 40 interactions in feed.", text, StringComparison.Ordinal);
        Assert.EndsWith("and the distinction of feed.", text, StringComparison.Ordinal);
    }

    [Fact]
    public void NotesAndAnOpeningAreUsedWhereTheTemplateHasThem()
    {
        var data = SampleLogs.Prepare(_scratch, [(1, 1, 0, true), (1, 1, 0, false)]);
        var template = PromptTemplate.Parse(PromptTemplate.BuiltIn.Text + "\n[notes.feed]\nMostly at night.\n[answer]\nAcross {scenarios}, the reader", "mine");
        var builder = new PromptBuilder(data, template);

        Assert.Contains("Mostly at night.", builder.ForScenario(1).Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Mostly at night.", builder.ForScenario(0).Text, StringComparison.Ordinal);
        Assert.Equal("Across search, feed, the reader", builder.ForScenario(0).AnswerOpening);
    }

    [Fact]
    public void APromptThatDoesNotFitLosesItsOldestItemsAndNoMoreThanItMust() => Gen.Select(Gen.Int[3, 30], Gen.Int[330, 1000]).Sample((items, limit) =>
    {
        var data = SampleLogs.Prepare(_scratch, [.. Enumerable.Range(1, items).Select(k => (1, k, k % 2, true))]);
        var builder = new PromptBuilder(data, PromptTemplate.BuiltIn);
        var timeline = new UserTimeline(data.Interactions.User, 1);
        var history = UserHistory.Of(data.Interactions, timeline, 0, items, 2, 100);

        Prompt? fitted = null;
        try
        {
            fitted = PromptBudget.Fit(history, builder, p => p.Text.Length, limit);
        }
        catch (Llm4MsrException e) when (e.Kind == FaultKind.Usage)
        {
            Assert.True(builder.ForUser(history.WithoutOldest(items - 1)).Text.Length > limit);
            return;
        }

        Assert.True(fitted.Text.Length <= limit);
        Assert.Equal(builder.ForUser(history.WithoutOldest(fitted.ItemsCut)).Text, fitted.Text);
        if (fitted.ItemsCut > 0)
            Assert.True(builder.ForUser(history.WithoutOldest(fitted.ItemsCut - 1)).Text.Length > limit);
    }, iter: 50);

    private static Prompt UserPrompt(InteractionDataset data, int user, int asOf, int perScenario)
    {
        var timeline = new UserTimeline(data.Interactions.User, data.Encoder.Users.Count);
        return new PromptBuilder(data, PromptTemplate.BuiltIn).ForUser(UserHistory.Of(data.Interactions, timeline, user, asOf, 2, perScenario));
    }
}
