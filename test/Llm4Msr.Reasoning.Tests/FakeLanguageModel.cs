using Llm4Msr.Language;
using Llm4Msr.Platform;

namespace Llm4Msr.Reasoning.Tests;

/// <summary>A model of one token per character, whose states are made from the prompt; it remembers what it was asked.</summary>
internal sealed class FakeLanguageModel(int contextLength = 10_000) : ILanguageModel
{
    private readonly Lock _gate = new();

    public List<int[]> Asked { get; } = [];

    public List<int> BatchSizes { get; } = [];

    /// <summary>Called before each batch with its number, from 0; may throw.</summary>
    public Action<int>? BeforeBatch { get; set; }

    /// <summary>Called once a batch is thought over, outside of any lock.</summary>
    public Action? AfterBatch { get; set; }

    /// <summary>How many prompts of a batch are read when it is cancelled: they are answered before the call ends.</summary>
    public int ReadWhenCancelled { get; init; } = int.MaxValue;

    /// <summary>Which batch, counted from 0, has a third prompt without a usable answer, after two that have one.</summary>
    public int? UnusableThirdOf { get; init; }

    /// <summary>What draws depended on, where tokens were drawn.</summary>
    public List<string> SamplingKeys { get; } = [];

    public string? SystemMessage { get; init; }

    public LanguageModelIdentity Identity => new("fake", "none", new string('0', 64), null, "plain", SystemMessage, "fp32");

    public int ContextLength => contextLength;

    public int HiddenSize => 4;

    public int Layers => 3;

    public IReadOnlyList<HiddenStateDefinition> States => HiddenStateDefinitions.OfOnePass;

    public ModelMemory Memory { get; init; } = new(0, 0, 0);

    public static int[] Encode(ChatPrompt prompt) => [.. $"Q: {prompt.UserText} A: {prompt.AnswerOpening}".Select(c => (int)c)];

    public int CountTokens(ChatPrompt prompt) => Encode(prompt).Length;

    public string Cut(string text, int tokens) => text.Length <= tokens ? text : text[..tokens];

    public IReadOnlyList<Answer> Generate(IReadOnlyList<ChatPrompt> asked, GenerationOptions options, CancellationToken cancellation = default)
    {
        var prompts = asked.Select(Encode).ToList();
        int batch;
        lock (_gate)
        {
            batch = BatchSizes.Count;
            cancellation.ThrowIfCancellationRequested();
            BatchSizes.Add(prompts.Count);
            BeforeBatch?.Invoke(batch);
            Asked.AddRange(prompts);
            SamplingKeys.AddRange(options.Sampling?.Keys ?? []);
        }
        AfterBatch?.Invoke();
        IReadOnlyList<Answer> answers = [.. prompts.Select(prompt =>
        {
            var sum = prompt.Select((token, k) => token * (k % 7 + 1)).Sum();
            float[] State(int which) => [sum % 97, which, prompt.Length % 89, prompt[^3]];
            return new Answer($"answer {sum}", [1, 2], prompt.Length, new HiddenStates(State(0), State(1), State(2), State(3)))
            {
                AfterLayers = options.Layers.ToDictionary(layer => layer, layer => new HiddenStates(State(10 * layer), State(10 * layer + 1), State(10 * layer + 2), State(10 * layer + 3))),
            };
        })];
        if (batch == UnusableThirdOf)
        {
            options.Answered?.Invoke([.. answers.Take(2).Select((answer, i) => (i, answer))]);
            throw new Llm4MsrException(FaultKind.BadInput, "It says nothing.") { IsOfOneInput = true };
        }
        var read = cancellation.IsCancellationRequested ? Math.Min(ReadWhenCancelled, answers.Count) : answers.Count;
        options.Answered?.Invoke([.. answers.Take(read).Select((answer, i) => (i, answer))]);
        return read == answers.Count ? answers : throw new OperationCanceledException(cancellation);
    }

    public void Dispose()
    {
    }
}
