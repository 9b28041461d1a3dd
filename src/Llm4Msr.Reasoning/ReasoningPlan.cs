using Llm4Msr.Data;
using Llm4Msr.Knowledge;

namespace Llm4Msr.Reasoning;

/// <summary>Why an earlier record answers a question.</summary>
public enum TakenOverBecause
{
    /// <summary>The prompt is the one that was asked then.</summary>
    SamePrompt,

    /// <summary>The prompt changed, but neither by <see cref="ReasoningOptions.MinNew"/> nor by <see cref="ReasoningOptions.MaxAge"/> enough.</summary>
    LittleIsNew,

    /// <summary>The budget may not reach it. Once it is asked, the new record counts.</summary>
    OutOfBudget,
}

/// <summary>An earlier record that answers a question.</summary>
/// <param name="PromptHash">Of the prompt that was asked then.</param>
/// <param name="AsOfTime">As of when it counts; for a prompt that did not change as of when the question is asked.</param>
public sealed record TakenOver(Question Question, string PromptHash, long AsOfTime, TakenOverBecause Because)
{
    public bool IsIn(KnowledgeStore store) => store.Contains(Question.Key, Question.AsOfRank, Question.Basis, PromptHash);
}

/// <summary>
/// What becomes of every question, decided before anything is asked, from the data, the stores and the options alone.
/// </summary>
/// <remarks>
/// What is worth most, where a budget decides: scenarios first; then users by the number of their positive interactions that
/// no knowledge has yet, most first; of equal ones the oldest knowledge, or none, first; then in the order of the data.
/// </remarks>
/// <param name="Stored">The store has the answer.</param>
/// <param name="TakenOver">An earlier store has it, or one that will do. At the question's rank.</param>
/// <param name="Ask">In the order of the questions, or under a budget what is worth most first.</param>
/// <param name="Left">What the budget does not reach.</param>
public sealed record ReasoningPlan(
    IReadOnlyList<Question> Stored, IReadOnlyList<TakenOver> TakenOver, IReadOnlyList<Question> Ask, IReadOnlyList<Question> Left)
{
    public int Questions => Stored.Count + Ask.Count + Left.Count + TakenOver.Count(t => t.Because != TakenOverBecause.OutOfBudget);

    /// <param name="store">What is gone on with; null where it is not there yet.</param>
    /// <param name="earlier">A store of earlier interactions and the same fingerprint, or null.</param>
    public static ReasoningPlan Of(InteractionDataset data, IReadOnlyList<Question> questions, KnowledgeStore? store, KnowledgeStore? earlier, ReasoningOptions options)
    {
        var positives = new PositiveCounts(data);
        List<Question> stored = [];
        List<TakenOver> takenOver = [];
        List<Open> open = [];
        foreach (var question in questions)
        {
            if (store?.Contains(question.Key, question.AsOfRank, question.Basis, question.Prompt.Hash) == true)
                stored.Add(question);
            else if (earlier?.FindByPrompt(question.Key, question.Prompt.Hash) is not null)
                takenOver.Add(new(question, question.Prompt.Hash, data.Interactions.Time[question.AsOfRank - 1], TakenOverBecause.SamePrompt));
            else if (OpenQuestion(question) is var candidate && candidate.Before is not null && LittleIsNew(candidate))
                takenOver.Add(candidate.TakenOver(TakenOverBecause.LittleIsNew));
            else
                open.Add(candidate);
        }
        if (options.Budget is not { } budget)
            return new(stored, takenOver, [.. open.Select(o => o.Question)], []);

        open = [.. open.OrderBy(o => o.Question.Key.Level == KnowledgeLevel.Scenario ? 0 : 1).ThenByDescending(o => o.NewPositives).ThenBy(o => o.Before?.AsOfTime ?? long.MinValue)];
        var asked = budget.Tokens is { } tokens ? AffordableOf(open, tokens, options.MaxNewTokens) : open.Count;
        // How far a time reaches shows on the way: until then what was known has to do.
        var unsure = budget.Time is null ? open.Skip(asked) : open;
        takenOver.AddRange(unsure.Where(o => o.Before is not null).Select(o => o.TakenOver(TakenOverBecause.OutOfBudget)));
        return new(stored, takenOver, [.. open.Take(asked).Select(o => o.Question)], [.. open.Skip(asked).Select(o => o.Question)]);

        Open OpenQuestion(Question question)
        {
            if (question.Key.Level == KnowledgeLevel.Scenario)
                return new(question, Before: null, NewPositives: 0); // statistics of another training part will not do
            var before = earlier?.RecordsOf(question.Key).FirstOrDefault(record => positives.RankAfter(record.AsOfTime) <= question.AsOfRank);
            var user = data.Encoder.Users.RowOf(question.Key.Id);
            var known = before is null ? 0 : positives.RankAfter(before.AsOfTime);
            return new(question, before is null ? null : (before.PromptHash, before.AsOfTime), positives.Between(user, known, question.AsOfRank));
        }

        bool LittleIsNew(Open candidate) => (options.MinNew, options.MaxAge) switch
        {
            (null, null) => false,
            var (least, age) => !(candidate.NewPositives >= least) && !(candidate.Age(data) >= age),
        };
    }

    private static int AffordableOf(List<Open> open, long tokens, int newTokens)
    {
        var count = 0;
        while (count < open.Count && (tokens -= open[count].Question.Tokens + newTokens) >= 0)
            count++;
        return count;
    }

    /// <summary>A question that nothing answers exactly.</summary>
    /// <param name="Before">The newest earlier record that is made of nothing later.</param>
    /// <param name="NewPositives">Positive interactions that it does not have.</param>
    private sealed record Open(Question Question, (string PromptHash, long AsOfTime)? Before, int NewPositives)
    {
        public TimeSpan? Age(InteractionDataset data) => Before is { } before
            ? TimeSpan.FromSeconds(data.Interactions.Time[Question.AsOfRank - 1] - before.AsOfTime)
            : null;

        public TakenOver TakenOver(TakenOverBecause because) => new(Question, Before!.Value.PromptHash, Before.Value.AsOfTime, because);
    }

    /// <summary>How many positive interactions each user has between two ranks.</summary>
    private sealed class PositiveCounts(InteractionDataset data)
    {
        private readonly UserTimeline _timeline = new(data.Interactions.User, data.Encoder.Users.Count);

        /// <summary>
        /// The first rank after a time. Ranks of other interactions mean nothing here, times do: what was known at a time
        /// lies before this rank, whatever came in since.
        /// </summary>
        public int RankAfter(long time)
        {
            var (from, to) = (0, data.Interactions.Count);
            while (from < to)
            {
                var middle = from + (to - from) / 2;
                if (data.Interactions.Time[middle] > time)
                    to = middle;
                else
                    from = middle + 1;
            }
            return from;
        }

        public int Between(int user, int from, int to)
        {
            var count = 0;
            foreach (var rank in _timeline.RanksOf(user))
                count += rank >= from && rank < to && data.Interactions.Positive[rank] ? 1 : 0;
            return count;
        }
    }
}
