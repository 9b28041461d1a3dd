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

    /// <summary>
    /// The state at the last token of prompt and answer, both read again as one text in a second pass: what servers give, which
    /// generate or return states, never both at once. A second pass may cut the text into other tokens than the first, and what
    /// ends the turn is not among them, so that it stands near <see cref="AfterLastToken"/> and is not the same.
    /// </summary>
    ReadAgain,
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
        (HiddenStateDefinition.ReadAgain, "read_again"),
    ];

    /// <summary>All names, in the order of the enumeration.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_names.Select(n => n.Name)];

    /// <summary>Those that one pass gives: what a model in this process keeps.</summary>
    public static IReadOnlyList<HiddenStateDefinition> OfOnePass { get; } =
    [
        HiddenStateDefinition.StateThatProducedLast, HiddenStateDefinition.AfterLastToken, HiddenStateDefinition.LastPromptToken,
        HiddenStateDefinition.MeanOfGenerated,
    ];

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

/// <summary>The hidden states of one answer by definition; each has the model's hidden size.</summary>
public sealed class HiddenStates
{
    private readonly Dictionary<HiddenStateDefinition, float[]> _states;

    private HiddenStates(Dictionary<HiddenStateDefinition, float[]> states) => _states = states;

    /// <summary>What one pass gives: every definition of <see cref="HiddenStateDefinitions.OfOnePass"/>.</summary>
    public HiddenStates(float[] stateThatProducedLast, float[] afterLastToken, float[] lastPromptToken, float[] meanOfGenerated)
        : this(new Dictionary<HiddenStateDefinition, float[]>
        {
            [HiddenStateDefinition.StateThatProducedLast] = stateThatProducedLast,
            [HiddenStateDefinition.AfterLastToken] = afterLastToken,
            [HiddenStateDefinition.LastPromptToken] = lastPromptToken,
            [HiddenStateDefinition.MeanOfGenerated] = meanOfGenerated,
        })
    {
    }

    /// <summary>What a second pass gives: <see cref="HiddenStateDefinition.ReadAgain"/> and nothing else.</summary>
    public static HiddenStates OfReadingAgain(float[] state) => new(new Dictionary<HiddenStateDefinition, float[]> { [HiddenStateDefinition.ReadAgain] = state });

    public float[] StateThatProducedLast => this[HiddenStateDefinition.StateThatProducedLast];

    public float[] AfterLastToken => this[HiddenStateDefinition.AfterLastToken];

    public float[] LastPromptToken => this[HiddenStateDefinition.LastPromptToken];

    public float[] MeanOfGenerated => this[HiddenStateDefinition.MeanOfGenerated];

    /// <exception cref="ArgumentOutOfRangeException">The model does not give this one; <see cref="ILanguageModel.States"/> says which it gives.</exception>
    public float[] this[HiddenStateDefinition definition] => _states.TryGetValue(definition, out var state)
        ? state
        : throw new ArgumentOutOfRangeException(nameof(definition), definition, "This answer has no such state.");
}
