namespace Llm4Msr.Language.Tokenization;

/// <summary>The tokenizer beside a checkpoint.</summary>
internal static class TokenizerFiles
{
    public static ITokenizer? Open(string folder, string architecture) => null;
}
