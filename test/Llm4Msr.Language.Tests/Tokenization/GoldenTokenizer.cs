using Llm4Msr.Language.Tokenization;
using Llm4Msr.Testing;

namespace Llm4Msr.Language.Tests.Tokenization;

/// <summary>The small golden tokenizers.</summary>
internal static class GoldenTokenizer
{
    public static VocabularyContent Read(string name) => TokenizerJson.Read(TestFiles.Golden("tokenizers", name, "tokenizer.json"))!;

    public static ITokenizer Open(string name) => TokenizerFiles.Open(TestFiles.Golden("tokenizers", name), architecture: null)!;
}

internal sealed record GoldenTokens(string Text, int[] Ids, string Decoded);
