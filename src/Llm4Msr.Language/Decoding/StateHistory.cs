namespace Llm4Msr.Language.Decoding;

/// <summary>What the definitions of <see cref="HiddenStateDefinition"/> need of one row's states, taken in as these come.</summary>
internal sealed class StateHistory
{
    private float[]? _lastPromptToken;
    private float[] _previous = [];
    private float[] _latest = [];
    private double[] _sum = [];
    private int _generated;

    /// <summary>What makes a state unusable, or null: numbers that are not finite, or all the same, which no model means.</summary>
    public static string? Fault(ReadOnlySpan<float> state)
    {
        foreach (var number in state)
        {
            if (!float.IsFinite(number))
                return FormattableString.Invariant($"is not finite ({number})");
        }
        return state.Length > 1 && !state.ContainsAnyExcept(state[0]) ? FormattableString.Invariant($"has {state[0]} in all {state.Length} places") : null;
    }

    /// <summary>The state of the prompt's last token first, then one per generated token.</summary>
    public void Add(ReadOnlySpan<float> state)
    {
        _previous = _latest;
        _latest = state.ToArray();
        if (_lastPromptToken is null)
        {
            _lastPromptToken = _latest;
            _sum = new double[state.Length];
            return;
        }
        for (var i = 0; i < state.Length; i++)
            _sum[i] += state[i];
        _generated++;
    }

    public HiddenStates States() => new(
        stateThatProducedLast: _previous,
        afterLastToken: _latest,
        lastPromptToken: _lastPromptToken!,
        meanOfGenerated: Array.ConvertAll(_sum, sum => (float)(sum / _generated)));
}
