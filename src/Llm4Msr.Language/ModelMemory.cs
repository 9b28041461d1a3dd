namespace Llm4Msr.Language;

/// <summary>What a model takes in memory; all 0 where it computes elsewhere.</summary>
/// <param name="Weights">Bytes, once.</param>
/// <param name="PerToken">Bytes of keys and values for each token of each prompt that is answered, padding included.</param>
/// <param name="PerBatch">Bytes for what lies between, once for each batch that is answered at the same time.</param>
public sealed record ModelMemory(long Weights, long PerToken, long PerBatch)
{
    /// <summary>Of a model that computes elsewhere.</summary>
    public static ModelMemory Elsewhere { get; } = new(0, 0, 0);
}
