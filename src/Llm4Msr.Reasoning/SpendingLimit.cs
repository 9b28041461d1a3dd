using System.Globalization;
using Llm4Msr.Language;
using Llm4Msr.Platform;

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
    private (int Prompts, Amount Most, bool IsFirst, bool IsOfCost) _refused;

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
                _refused = (batch.Count, most, after == most, after.Cost > limit.Cost);
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

    /// <summary>What to say of the batch that was not asked.</summary>
    public Llm4MsrException Refusal()
    {
        lock (_gate)
        {
            var (number, unit, option) = _refused.IsOfCost ? ("0.####", limit.Prices?.Currency, "--max-cost") : ("N0", "tokens", "--max-tokens-total");
            if (_refused.IsFirst)
            {
                return new(FaultKind.Usage, $"The first {(_refused.Prompts == 1 ? "prompt" : $"{_refused.Prompts} prompts, which are asked together,")} may take {Text(_refused.Most)} {unit}, "
                    + $"and {option} allows {Limit()}: nothing was asked. Allow more{(_refused.Prompts == 1 ? "" : ", or ask fewer together (--batch-size)")}.");
            }
            return new(FaultKind.ResourceMissing, $"The budget is used up: {Text(_spent)} of {Limit()} {unit} ({option}) are spent in this run, and the next prompt may take "
                + "more than is left. Prompts that were being answered are finished and stored; allow more, or run the command again for another such budget.");

            string Limit() => Text(new Amount(limit.Tokens ?? 0, limit.Cost ?? 0));

            string Text(Amount amount) => _refused.IsOfCost ? amount.Cost.ToString(number, CultureInfo.InvariantCulture) : amount.Tokens.ToString(number, CultureInfo.InvariantCulture);
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
