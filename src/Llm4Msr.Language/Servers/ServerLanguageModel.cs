using System.Text;
using Llm4Msr.Platform;

namespace Llm4Msr.Language.Servers;

/// <summary>
/// A frozen language model behind a server, or behind two: one request for the text, another that reads prompt and text again for
/// the state (<see cref="HiddenStateDefinition.ReadAgain"/>). Several threads may ask at once.
/// </summary>
/// <remarks>
/// Which weights a server has nobody can tell from outside: the identity holds what the server calls its model, and its chat
/// template where it shows it. The names of special tokens within a prompt are left to the server, which may read them as such.
/// </remarks>
public sealed class ServerLanguageModel : ILanguageModel
{
    /// <summary>Bytes of UTF-8 that make a token: no text of ours had fewer on average. A rule, so that prompts are cut the same way wherever they are asked.</summary>
    private const int BytesPerToken = 2;

    /// <summary>What a chat template adds.</summary>
    private const int FrameTokens = 64;

    private readonly ServerModel _text, _states;
    private readonly StateCheck _check;

    private ServerLanguageModel(ServerModel text, ServerModel states, StateCheck check, int contextLength)
    {
        (_text, _states, _check, ContextLength) = (text, states, check, contextLength);
        var template = text.Facts.ChatTemplate is { } shown ? $" with template {FileHash.Of(shown)[..12]}" : "";
        Identity = new LanguageModelIdentity(
            text.ShortName == states.ShortName ? text.ShortName : $"{text.ShortName}, states by {states.ShortName}",
            Architecture: "server", WeightsHash: "", TokenizerHash: null,
            ChatFormat: $"by the server: {text.Dialect.Name}{template}, states {states.Dialect.Name}",
            SystemMessage: null, WeightPrecision: "as the server has them");
    }

    public LanguageModelIdentity Identity { get; }

    /// <summary>What the server calls the model that answers; a price list has it by this name.</summary>
    public string TextModel => _text.Name;

    /// <summary>What the server calls the model that gives the states.</summary>
    public string StateModel => _states.Name;

    public int ContextLength { get; }

    public int HiddenSize => _check.Width;

    public int Layers => 0;

    public IReadOnlyList<HiddenStateDefinition> States { get; } = [HiddenStateDefinition.ReadAgain];

    public ModelMemory Memory => ModelMemory.Elsewhere;

    /// <summary>Asks the servers what they have, and reads a few known texts to see whether their states can be used.</summary>
    /// <exception cref="Llm4MsrException">
    /// The address or a name is wrong, or the servers do not say enough (<see cref="FaultKind.Usage"/>); they cannot be reached
    /// (<see cref="FaultKind.ResourceMissing"/>); what they answer cannot be used (<see cref="FaultKind.BadInput"/>).
    /// </exception>
    public static ServerLanguageModel Connect(ServerOptions options, CancellationToken cancellation = default)
    {
        var first = new ServerConnection(options.Text, options);
        ServerConnection? second = null;
        try
        {
            second = options.States is null ? first : new ServerConnection(options.States, options);
            var text = Wait(ServerModel.Find(first, options.Text, cancellation));
            var states = options.States is null ? text : Wait(ServerModel.Find(second, options.States, cancellation));
            var context = options.ContextLength ?? Least(text.Facts.ContextLength, states.Facts.ContextLength) ?? throw new Llm4MsrException(FaultKind.Usage,
                $"{options.Text} does not say how many tokens its model '{text.Name}' reads. Name the context length (--context).");
            var probes = StateCheck.Probes.Select(probe => Wait(states.Dialect.Read(second, states.Name, probe.Prompt, probe.Answer, cancellation)).State).ToList();
            return new ServerLanguageModel(text, states, new StateCheck((options.States ?? options.Text).ToString(), probes, states.Dialect.HowNotToNormalise), context);
        }
        catch
        {
            first.Dispose();
            second?.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public int CountTokens(ChatPrompt prompt) =>
        FrameTokens + (Encoding.UTF8.GetByteCount(prompt.UserText) + Encoding.UTF8.GetByteCount(prompt.AnswerOpening ?? "") + BytesPerToken - 1) / BytesPerToken;

    /// <inheritdoc/>
    public string Cut(string text, int tokens)
    {
        var (length, bytes) = (0, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            if ((bytes += rune.Utf8SequenceLength) > tokens * BytesPerToken)
                return text[..length];
            length += rune.Utf16SequenceLength;
        }
        return text;
    }

    /// <summary>One prompt after the other: who wants several at once asks from several threads.</summary>
    /// <exception cref="Llm4MsrException">See <see cref="Connect"/>.</exception>
    public IReadOnlyList<Answer> Generate(IReadOnlyList<ChatPrompt> prompts, GenerationOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(prompts);
        ArgumentNullException.ThrowIfNull(options);
        options.Sampling?.Check(prompts.Count);
        if (options.Layers.Count > 0)
            throw new Llm4MsrException(FaultKind.Usage, $"A server gives no state of a layer (asked for: {options.Layers[0]}).");
        return [.. prompts.Select((prompt, i) =>
        {
            var answer = Wait(Answer(prompt, options, i, cancellation));
            options.Answered?.Invoke([(i, answer)]);
            return answer;
        })];
    }

    public void Dispose()
    {
        _text.Connection.Dispose();
        _states.Connection.Dispose();
    }

    private async Task<Answer> Answer(ChatPrompt prompt, GenerationOptions options, int index, CancellationToken cancellation)
    {
        var said = await ChatCompletions.Ask(_text.Connection, _text.Dialect, _text.Name, prompt, options.MaxNewTokens, options.Sampling, index, cancellation).ConfigureAwait(false);
        var read = await _states.Dialect.Read(_states.Connection, _states.Name, prompt, said.Text, cancellation).ConfigureAwait(false);
        _check.Check($"{prompt.UserText}\0{prompt.AnswerOpening}\0{said.Text}", read.State);
        var (promptTokens, newTokens) = (said.PromptTokens ?? CountTokens(prompt), said.NewTokens ?? options.MaxNewTokens);
        return new Answer(said.Text, [], promptTokens, HiddenStates.OfReadingAgain(read.State))
        {
            NewTokens = newTokens,
            TokensReadAgain = read.Tokens ?? promptTokens + newTokens,
        };
    }

    private static int? Least(int? one, int? other) => one is null || other < one ? other : one;

    private static T Wait<T>(Task<T> task) => task.GetAwaiter().GetResult();
}
