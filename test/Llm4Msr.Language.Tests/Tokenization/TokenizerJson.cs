using System.Text.Json;
using Llm4Msr.Language.Tokenization;
using Llm4Msr.Testing;

namespace Llm4Msr.Language.Tests.Tokenization;

/// <summary>The small golden tokenizers, which come as <c>tokenizer.json</c>.</summary>
internal static class TokenizerJson
{
    public static VocabularyContent Read(string name)
    {
        var root = JsonDocument.Parse(File.ReadAllText(TestFiles.Golden("tokenizers", name, "tokenizer.json"))).RootElement;
        var model = root.GetProperty("model");
        string[] tokens = [.. model.GetProperty("vocab").EnumerateObject().OrderBy(t => t.Value.GetInt32()).Select(t => t.Name)];
        var special = root.GetProperty("added_tokens").EnumerateArray().Select(t => t.GetProperty("content").GetString()!).ToHashSet();
        return new VocabularyContent(
            name == "gpt2" ? "gpt-2" : name,
            tokens,
            [.. tokens.Select(t => special.Contains(t) ? TokenKind.Control : TokenKind.Text)],
            [.. model.GetProperty("merges").EnumerateArray().Select(m => $"{m[0].GetString()} {m[1].GetString()}")],
            BeginToken: null);
    }
}

internal sealed record GoldenTokens(string Text, int[] Ids, string Decoded);
