namespace Llm4Msr.TrainEmbedded;

/// <summary>The sizes of the network.</summary>
internal sealed record ModelShape(int Vocabulary)
{
    public int Hidden { get; init; } = 128;

    public int Layers { get; init; } = 4;

    public int Heads { get; init; } = 4;

    public int FeedForward { get; init; } = 320;

    /// <summary>Tokens of the longest prompt and its answer.</summary>
    public int Context { get; init; } = 1024;

    public float NormEpsilon { get; init; } = 1e-5f;

    public double RotaryBase { get; init; } = 10_000;

    public int HeadSize => Hidden / Heads;
}
