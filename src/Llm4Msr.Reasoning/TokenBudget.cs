using Llm4Msr.Language;

namespace Llm4Msr.Reasoning;

/// <summary>The most that one run may spend on a model that is paid for.</summary>
/// <param name="Tokens">Read and generated, in both passes where there are two; null for no limit.</param>
/// <param name="Cost">In the currency of <paramref name="Prices"/>; null for no limit.</param>
/// <param name="Prices">What tokens cost; needed for a limit of <paramref name="Cost"/>.</param>
public sealed record TokenBudget(long? Tokens = null, decimal? Cost = null, ModelPrices? Prices = null);

/// <summary>What a run has spent, and what the prompts that are being asked may still take.</summary>
/// <remarks>Several threads use it at once.</remarks>
internal sealed class Spending(TokenBudget budget, int maxNewTokens, bool readsAgain)
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
            if (after.Tokens > budget.Tokens || after.Cost > budget.Cost)
            {
                _costIsTheLimit = after.Cost > budget.Cost;
                return false;
            }
            _reserved += most;
            return true;
        }
    }

    /// <summary>Puts what a batch took in the place of what was set aside.</summary>
    public void Settle(IReadOnlyList<Question> batch, IReadOnlyList<Answer> answers)
    {
        var most = MostFor(batch);
        lock (_gate)
        {
            _reserved -= most;
            foreach (var answer in answers)
                _spent += Of(answer.PromptTokens, answer.NewTokens, answer.TokensReadAgain);
        }
    }

    /// <summary>What is spent of the limit that was met, for messages: "9,840 of 10,000 tokens (--max-tokens-total)".</summary>
    public string Text()
    {
        lock (_gate)
        {
            return _costIsTheLimit
                ? FormattableString.Invariant($"{_spent.Cost:0.####} of {budget.Cost:0.####} {budget.Prices?.Currency} (--max-cost)")
                : FormattableString.Invariant($"{_spent.Tokens:N0} of {budget.Tokens:N0} tokens (--max-tokens-total)");
        }
    }

    private Amount MostFor(IReadOnlyList<Question> batch)
    {
        var sum = default(Amount);
        foreach (var question in batch)
            sum += Of(question.Tokens, maxNewTokens, readsAgain ? question.Tokens + maxNewTokens : 0);
        return sum;
    }

    private Amount Of(long prompt, long generated, long readAgain) =>
        new(prompt + generated + readAgain, budget.Prices?.CostOf(prompt, generated, readAgain) ?? 0);

    private readonly record struct Amount(long Tokens, decimal Cost)
    {
        public static Amount operator +(Amount one, Amount other) => new(one.Tokens + other.Tokens, one.Cost + other.Cost);

        public static Amount operator -(Amount one, Amount other) => new(one.Tokens - other.Tokens, one.Cost - other.Cost);
    }
}
