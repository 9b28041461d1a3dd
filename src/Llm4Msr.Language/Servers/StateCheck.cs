using Llm4Msr.Platform;

namespace Llm4Msr.Language.Servers;

/// <summary>
/// What a state must be before it is believed: of one width, of a length that the model gave it, and not the same for another
/// text. A few known texts are read first, so that a server that is set up wrongly costs nothing.
/// </summary>
/// <remarks>Several threads use it at once.</remarks>
internal sealed class StateCheck
{
    private const double NearOne = 1e-3, MostTimes = 10;

    /// <summary>Questions and answers that have little in common.</summary>
    public static IReadOnlyList<(ChatPrompt Prompt, string Answer)> Probes { get; } =
    [
        (new("What grows in a garden?"), "Trees, grass and flowers."),
        (new("Name a number between one and ten, and say what it is used for."), "Seven: the days of a week."),
        (new("Hello!"), "Hello. What would you like to know about films, books and music?"),
    ];

    private readonly Lock _gate = new();
    private readonly string _server;
    private readonly double _median;
    private (string Text, float[] State) _last;

    /// <param name="states">Of <see cref="Probes"/>, in their order.</param>
    /// <exception cref="Llm4MsrException">They cannot be states of a language model, or were normalised (<see cref="FaultKind.BadInput"/>).</exception>
    public StateCheck(string server, IReadOnlyList<float[]> states, string howNotToNormalise)
    {
        _server = server;
        Width = states[0].Length;
        var norms = states.Select(Norm).Order().ToList();
        _median = norms[norms.Count / 2];
        if (norms.TrueForAll(norm => Math.Abs(norm - 1) < NearOne))
        {
            throw Refused($"the vectors of {states.Count} different texts all have the length 1: they were normalised, and what the length says is lost. {howNotToNormalise}");
        }
        _last = ("", []);
        for (var i = 0; i < states.Count; i++)
            Check($"probe {i}", states[i]);
    }

    /// <summary>Values in every state.</summary>
    public int Width { get; }

    /// <param name="text">All that was read for it.</param>
    public void Check(string text, float[] state)
    {
        if (state.Length != Width)
            throw Refused(FormattableString.Invariant($"a state has {state.Length} values, those before it had {Width}"));
        if (state.Length > 1 && Array.TrueForAll(state, value => value == state[0]))
            throw Refused(FormattableString.Invariant($"a state is {state[0]} at every position"), ofOneInput: true);
        if (Norm(state) is var norm && !(norm >= _median / MostTimes && norm <= _median * MostTimes))
            throw Refused(FormattableString.Invariant($"a state has the length {norm:0.###}, those of the first texts had {_median:0.###}"), ofOneInput: true);
        lock (_gate)
        {
            if (_last.Text != text && _last.State.AsSpan().SequenceEqual(state))
                throw Refused("two different texts have the very same state. Does it take the state of the first token, which all texts have in common? It has to be the last (--pooling last, \"pooling_type\":\"LAST\")");
            _last = (text, state);
        }
    }

    private static double Norm(float[] state) => Math.Sqrt(state.Sum(value => (double)value * value));

    private Llm4MsrException Refused(string what, bool ofOneInput = false) =>
        new(FaultKind.BadInput, $"The states of {_server} cannot be used: {what}. Nothing of it was stored.") { IsOfOneInput = ofOneInput };
}
