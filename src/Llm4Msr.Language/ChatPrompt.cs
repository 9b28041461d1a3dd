namespace Llm4Msr.Language;

/// <summary>What a model is asked; each model frames it as it was trained to be asked.</summary>
/// <param name="UserText">The names of special tokens in it stay text.</param>
/// <param name="AnswerOpening">The words that the answer is made to start with; they are part of the prompt, not of the answer.</param>
public sealed record ChatPrompt(string UserText, string? AnswerOpening = null);
