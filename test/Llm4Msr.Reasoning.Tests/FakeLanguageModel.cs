using Llm4Msr.Language;

namespace Llm4Msr.Reasoning.Tests;

/// <summary>A model of one token per character, whose states are made from the prompt; it remembers what it was asked.</summary>
internal sealed class FakeLanguageModel(int contextLength = 10_000) : ILanguageModel
{
    private readonly Lock _gate = new();

    public List<int[]> Asked { get; } = [];

    public List<int> BatchSizes { get; } = [];

    /// <summary>Called before each batch with its number, from 0; may throw.</summary>
    public Action<int>? BeforeBatch { get; set; }

    /// <summary>What draws depended on, where tokens were drawn.</summary>
    public List<string> SamplingKeys { get; } = [];

    public string? SystemMessage { get; init; }

    public LanguageModelIdentity Identity => new("fake", "none", new string('0', 64), null, "plain", SystemMessage, "fp32");

    public int ContextLength => contextLength;

    public int HiddenSize => 4;

    public int Layers => 3;

    public ModelMemory Memory { get; init; } = new(0, 0, 0);

    public int[] EncodeChat(string userText, string? answerOpening = null) => [.. $"Q: {userText} A: {answerOpening}".Select(c => (int)c)];

    public string Cut(string text, int tokens) => text.Length <= tokens ? text : text[..tokens];

    public IReadOnlyList<Answer> Generate(IReadOnlyList<int[]> prompts, GenerationOptions options, CancellationToken cancellation = default)
    {
        lock (_gate)
        {
            cancellation.ThrowIfCancellationRequested();
            BeforeBatch?.Invoke(BatchSizes.Count);
            BatchSizes.Add(prompts.Count);
            Asked.AddRange(prompts);
            SamplingKeys.AddRange(options.Sampling?.Keys ?? []);
        }
        return [.. prompts.Select(prompt =>
        {
            var sum = prompt.Select((token, k) => token * (k % 7 + 1)).Sum();
            float[] State(int which) => [sum % 97, which, prompt.Length % 89, prompt[^3]];
            return new Answer($"answer {sum}", [1, 2], prompt.Length, new HiddenStates(State(0), State(1), State(2), State(3)))
            {
                AfterLayers = options.Layers.ToDictionary(layer => layer, layer => new HiddenStates(State(10 * layer), State(10 * layer + 1), State(10 * layer + 2), State(10 * layer + 3))),
            };
        })];
    }
}
