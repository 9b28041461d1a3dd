using Llm4Msr.Platform;

namespace Llm4Msr.Language.Files;

internal enum NormKind
{
    /// <summary>Root mean square, one weight per number.</summary>
    RmsNorm,

    /// <summary>Mean and variance, a weight and a bias per number.</summary>
    LayerNorm,
}

internal enum FeedForwardKind
{
    /// <summary>silu(gate) x up.</summary>
    SwiGlu,

    /// <summary>gelu(up).</summary>
    Gelu,

    /// <summary>gelu(up) by its approximation with tanh.</summary>
    GeluTanh,
}

/// <summary>Which projections add a bias.</summary>
[Flags]
internal enum Biases
{
    None = 0,
    QueryKeyValue = 1,
    AttentionOutput = 2,
    FeedForward = 4,
}

/// <summary>The parts, sizes and constants of a decoder, whichever file they came from.</summary>
/// <param name="HeadSize">Numbers per attention head; heads times head size need not be the hidden size.</param>
/// <param name="ContextLength">The most tokens, prompt and answer together, that the model was made for.</param>
/// <param name="RotaryFrequencies">
/// Radians per position, one for each pair of numbers of a head that is rotated: at most [HeadSize / 2]. Empty where
/// positions are learned.
/// </param>
/// <param name="EndTokens">Tokens that end an answer.</param>
internal sealed record ModelConfig(
    string Architecture,
    int VocabularySize,
    int HiddenSize,
    int Layers,
    int Heads,
    int KeyValueHeads,
    int HeadSize,
    int FeedForwardSize,
    int ContextLength,
    float NormEpsilon,
    float[] RotaryFrequencies,
    bool TiedEmbeddings,
    IReadOnlyList<int> EndTokens)
{
    /// <summary>More than any model that runs on one machine; keeps products of two sizes far from overflow.</summary>
    public const int LargestSize = 1 << 20;

    public const int MostLayers = 10_000;

    public NormKind Norm { get; init; } = NormKind.RmsNorm;

    public FeedForwardKind FeedForward { get; init; } = FeedForwardKind.SwiGlu;

    public Biases Biases { get; init; } = Biases.None;

    /// <summary>Whether each head's queries and keys have an RMSNorm of their own before they are rotated.</summary>
    public bool QueryKeyNorm { get; init; }

    /// <summary>Whether the file has a head's query, key and value together instead of all queries first.</summary>
    public bool QueryKeyValueByHead { get; init; }

    /// <summary>By layer, how many tokens a token sees, itself included; null where it sees all before it. Empty: all layers see all.</summary>
    public IReadOnlyList<int?> Windows { get; init; } = [];

    public bool LearnedPositions => RotaryFrequencies.Length == 0;

    public int? WindowOf(int layer) => Windows.Count > 0 ? Windows[layer] : null;

    /// <exception cref="Llm4MsrException">The values contradict each other.</exception>
    public ModelConfig Checked(string path)
    {
        List<string> faults = [];
        if (Heads % KeyValueHeads != 0)
            faults.Add($"{Heads} attention heads cannot share {KeyValueHeads} key/value heads");
        if (!LearnedPositions && HeadSize % 2 != 0)
            faults.Add($"a head of {HeadSize} numbers cannot be rotated in pairs");
        if (!(NormEpsilon > 0 && float.IsFinite(NormEpsilon)))
            faults.Add($"the epsilon of the norm is {NormEpsilon}, expected a positive number");
        if (!RotaryFrequencies.All(f => float.IsFinite(f) && f > 0))
            faults.Add("the rotary frequencies are not positive numbers");
        if (Windows.Count > 0 && Windows.Count != Layers)
            faults.Add($"{Layers} layers have {Windows.Count} kinds of attention");
        if (Layers > MostLayers)
            faults.Add($"it has {Layers} layers, at most {MostLayers} are read");
        faults.AddRange(EndTokens.Where(t => t < 0 || t >= VocabularySize)
            .Select(t => $"the end token {t} is outside the vocabulary of {VocabularySize}"));
        return faults.Count == 0 ? this : throw new Llm4MsrException(
            FaultKind.Damaged, $"The settings of '{path}' contradict each other: {string.Join("; ", faults)}. Get the model again.");
    }
}

/// <summary>How fast each pair of numbers of a head turns with the position (RoPE).</summary>
internal static class RotaryFrequencies
{
    /// <param name="rotated">Numbers of a head that are rotated: twice as many as frequencies.</param>
    public static float[] Of(int rotated, double theta) =>
        [.. Enumerable.Range(0, rotated / 2).Select(i => (float)(1 / Math.Pow(theta, 2.0 * i / rotated)))];

    /// <summary>All positions moved closer together, so that <paramref name="factor"/> times as many fit.</summary>
    public static float[] Linear(float[] frequencies, double factor) => Array.ConvertAll(frequencies, frequency => (float)(frequency / factor));

    /// <summary>
    /// The stretching of Llama 3.1: pairs that turn slowly are slowed by <paramref name="factor"/>, fast ones are kept,
    /// and between the two wavelengths the change is gradual.
    /// </summary>
    /// <param name="slow">Wavelengths above <paramref name="originalContext"/> / slow are slowed in full.</param>
    /// <param name="fast">Wavelengths below <paramref name="originalContext"/> / fast are kept.</param>
    public static float[] Llama3(float[] frequencies, double factor, double slow, double fast, double originalContext) =>
        Array.ConvertAll(frequencies, frequency =>
        {
            var turns = originalContext * frequency / (2 * Math.PI); // within the context that the model was first trained on
            var kept = Math.Clamp((turns - slow) / (fast - slow), 0, 1);
            return (float)(frequency * (kept + (1 - kept) / factor));
        });
}
