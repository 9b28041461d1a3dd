using Llm4Msr.Language;

namespace Llm4Msr.Reasoning;

/// <summary>The most that one run may spend, whatever it was to ask: it stops before that and says what is missing.</summary>
/// <param name="Tokens">Read and generated, in both passes where there are two; null for no limit.</param>
/// <param name="Cost">In the currency of <paramref name="Prices"/>; null for no limit.</param>
/// <param name="Prices">What tokens cost; needed for a limit of <paramref name="Cost"/>.</param>
public sealed record SpendingLimit(long? Tokens = null, decimal? Cost = null, ModelPrices? Prices = null);

/// <summary>What a run has spent, and what the prompts that are being asked may still take.</summary>
/// <remarks>Several threads use it at once.</remarks>
internal sealed class Spending(SpendingLimit limit, int maxNewTokens, bool readsAgain)
{
    private readonly Lock _gate = new();
    private Amount _spent, _reserved;
    private bool _costIsTheLimit;

    /// <summary>Sets aside what a batch may take at most.</summary>
    /// <returns>False where it may take more than is left: then it must not be asked.</returns>
    public bool TryReserve(IReadOnlyList<Question> batch)
    {
        var most = MostFor(batch);
        lock (_gate)
        {
            var after = _spent + _reserved + most;
            if (after.Tokens > limit.Tokens || after.Cost > limit.Cost)
            {
                _costIsTheLimit = after.Cost > limit.Cost;
                return false;
            }
            _reserved += most;
            return true;
        }
    }

    /// <summary>Puts what answers took in the place of what was set aside for them.</summary>
    public void Settle(IReadOnlyList<(Question Question, Answer Answer)> answered)
    {
        var most = MostFor(answered.Select(a => a.Question));
        var took = answered.Aggregate(default(Amount), (sum, a) => sum + Of(a.Answer.PromptTokens, a.Answer.NewTokens, a.Answer.TokensReadAgain));
        lock (_gate)
        {
            _reserved -= most;
            _spent += took;
        }
    }

    /// <summary>Takes as spent what was set aside for questions, where nobody says what they took.</summary>
    public void SettleAtMost(IEnumerable<Question> questions)
    {
        var most = MostFor(questions);
        lock (_gate)
        {
            _reserved -= most;
            _spent += most;
        }
    }

    /// <summary>How many prompts one worker asks before the limit, where each is answered with so many tokens.</summary>
    public int PromptsWithin(IEnumerable<Question[]> batches, long newTokens)
    {
        var prompts = 0;
        foreach (var batch in batches.TakeWhile(TryReserve))
        {
            _reserved -= MostFor(batch);
            _spent += AmountOf(batch, newTokens);
            prompts += batch.Length;
        }
        return prompts;
    }

    /// <summary>What is spent of the limit that was met, for messages: "9,840 of 10,000 tokens (--max-tokens-total)".</summary>
    public string Text()
    {
        lock (_gate)
        {
            return _costIsTheLimit
                ? FormattableString.Invariant($"{_spent.Cost:0.####} of {limit.Cost:0.####} {limit.Prices?.Currency} (--max-cost)")
                : FormattableString.Invariant($"{_spent.Tokens:N0} of {limit.Tokens:N0} tokens (--max-tokens-total)");
        }
    }

    private Amount MostFor(IEnumerable<Question> questions) => AmountOf(questions, maxNewTokens);

    private Amount AmountOf(IEnumerable<Question> questions, long newTokens) => questions.Aggregate(
        default(Amount), (sum, question) => sum + Of(question.Tokens, newTokens, readsAgain ? question.Tokens + newTokens : 0));

    private Amount Of(long prompt, long generated, long readAgain) =>
        new(prompt + generated + readAgain, limit.Prices?.CostOf(prompt, generated, readAgain) ?? 0);

    private readonly record struct Amount(long Tokens, decimal Cost)
    {
        public static Amount operator +(Amount one, Amount other) => new(one.Tokens + other.Tokens, one.Cost + other.Cost);

        public static Amount operator -(Amount one, Amount other) => new(one.Tokens - other.Tokens, one.Cost - other.Cost);
    }
}
