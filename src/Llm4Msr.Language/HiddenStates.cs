namespace Llm4Msr.Language;

/// <summary>Which of a model's hidden states stands for an answer. All are taken after the final norm.</summary>
public enum HiddenStateDefinition
{
    /// <summary>
    /// The state from which the last generated token was chosen: the last that a model computes when it generates. An
    /// end-of-text token counts as generated.
    /// </summary>
    StateThatProducedLast,

    /// <summary>The state at the last generated token itself, which takes one more step.</summary>
    AfterLastToken,

    /// <summary>The state at the prompt's last token, before anything was generated.</summary>
    LastPromptToken,

    /// <summary>The mean of the states at the generated tokens.</summary>
    MeanOfGenerated,
}

/// <summary>The names of the definitions in files and on the command line.</summary>
public static class HiddenStateDefinitions
{
    private static readonly (HiddenStateDefinition Definition, string Name)[] s_names =
    [
        (HiddenStateDefinition.StateThatProducedLast, "state_that_produced_last"),
        (HiddenStateDefinition.AfterLastToken, "after_last_token"),
        (HiddenStateDefinition.LastPromptToken, "last_prompt_token"),
        (HiddenStateDefinition.MeanOfGenerated, "mean_of_generated"),
    ];

    /// <summary>All names, in the order of the enumeration.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_names.Select(n => n.Name)];

    public static string ToName(this HiddenStateDefinition definition) => s_names.Single(n => n.Definition == definition).Name;

    /// <returns>Whether <paramref name="name"/> is one of <see cref="Names"/>.</returns>
    public static bool TryParse(string name, out HiddenStateDefinition definition)
    {
        foreach (var known in s_names)
        {
            if (known.Name == name)
            {
                definition = known.Definition;
                return true;
            }
        }
        definition = default;
        return false;
    }
}

/// <summary>The hidden states of one answer by every definition, from one pass; each has the model's hidden size.</summary>
public sealed record HiddenStates(float[] StateThatProducedLast, float[] AfterLastToken, float[] LastPromptToken, float[] MeanOfGenerated)
{
    public float[] this[HiddenStateDefinition definition] => definition switch
    {
        HiddenStateDefinition.StateThatProducedLast => StateThatProducedLast,
        HiddenStateDefinition.AfterLastToken => AfterLastToken,
        HiddenStateDefinition.LastPromptToken => LastPromptToken,
        HiddenStateDefinition.MeanOfGenerated => MeanOfGenerated,
        _ => throw new ArgumentOutOfRangeException(nameof(definition), definition, "Not a definition of a hidden state."),
    };
}
