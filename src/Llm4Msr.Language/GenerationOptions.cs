namespace Llm4Msr.Language;

/// <summary>How an answer is generated: greedily, the likeliest token each time.</summary>
/// <param name="MaxNewTokens">An answer ends here, or at the model's end-of-text token; at least 1.</param>
public sealed record GenerationOptions(int MaxNewTokens = 48);
