using System.Text.Json.Serialization;
using Llm4Msr.Language;
using Llm4Msr.Platform;

namespace Llm4Msr.Reasoning.Prompts;

/// <summary>What is asked, and how the answer is opened.</summary>
/// <param name="Text">Untrusted: special-token strings in it are text.</param>
/// <param name="AnswerOpening">First words of the answer, or nothing.</param>
/// <param name="ItemsCut">How many of the oldest items did not fit.</param>
public sealed record Prompt(string Text, string AnswerOpening, int ItemsCut)
{
    /// <summary>The same as a language model takes it.</summary>
    [JsonIgnore]
    public ChatPrompt Chat => new(Text, AnswerOpening.Length > 0 ? AnswerOpening : null);

    public string Hash => FileHash.Of($"{Text}\0{AnswerOpening}");
}
