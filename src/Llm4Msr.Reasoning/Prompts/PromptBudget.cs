using Llm4Msr.Platform;

namespace Llm4Msr.Reasoning.Prompts;

/// <summary>Keeps prompts within what the model can read: the oldest items go first.</summary>
public static class PromptBudget
{
    /// <param name="countTokens">Tokens of the whole prompt as the model reads it, chat frame and opening included.</param>
    /// <param name="limit">Context minus the tokens to generate.</param>
    public static Prompt Fit(UserHistory history, PromptBuilder builder, Func<Prompt, int> countTokens, int limit)
    {
        var whole = builder.ForUser(history);
        if (countTokens(whole) <= limit)
            return whole;

        // The shortest cut that fits: one item at least has to stay, or there is nothing to ask about.
        var (tooFew, enough) = (0, history.Liked.Count - 1);
        if (enough < 1 || countTokens(Cut(enough)) > limit)
            Check("A prompt with one item of the user", countTokens(Cut(Math.Max(enough, 0))), limit);
        while (enough - tooFew > 1)
        {
            var middle = (tooFew + enough) / 2;
            if (countTokens(Cut(middle)) <= limit)
                enough = middle;
            else
                tooFew = middle;
        }
        return Cut(enough);

        Prompt Cut(int count) => builder.ForUser(history.WithoutOldest(count), count);
    }

    /// <exception cref="Llm4MsrException">There is nothing that could go.</exception>
    public static void Check(string what, int tokens, int limit)
    {
        if (tokens > limit)
        {
            throw new Llm4MsrException(FaultKind.Usage,
                $"{what} has {tokens} tokens, the model reads at most {limit} beside what it generates. "
                + "Shorten the template, generate fewer tokens (--max-new-tokens) or take a model with a longer context.");
        }
    }
}
