using System.Security.Cryptography;
using System.Text;
using Llm4Msr.Platform;

namespace Llm4Msr.Language.Tokenization;

/// <summary>What a token is good for.</summary>
internal enum TokenKind
{
    /// <summary>A piece of ordinary text; the only kind that user data can become.</summary>
    Text,

    /// <summary>Recognised in frames as a whole; shown in answers.</summary>
    Marker,

    /// <summary>Recognised in frames as a whole; left out of answers.</summary>
    Control,
}

/// <summary>What a file says about its byte-level BPE tokenizer.</summary>
/// <param name="PreTokenizer">The name of the rule that cuts text into pieces, as llama.cpp calls it.</param>
/// <param name="Tokens">By id; bytes are spelled as printable characters.</param>
/// <param name="Kinds">By id.</param>
/// <param name="Merges">Pairs of tokens, a space between them, in the order in which they were learned.</param>
/// <param name="BeginToken">The token that opens a text where the file asks for one.</param>
internal sealed record VocabularyContent(
    string PreTokenizer, IReadOnlyList<string> Tokens, IReadOnlyList<TokenKind> Kinds, IReadOnlyList<string> Merges, int? BeginToken)
{
    /// <summary>Whether a piece of text that is a token as a whole is not merged from its bytes.</summary>
    public bool WholePiecesFirst { get; init; }

    /// <summary>Whether letters and marks are composed (NFC) before text is cut.</summary>
    public bool Composed { get; init; }

    /// <summary>SHA-256 of all of it: equal where the same text becomes the same ids.</summary>
    public string Hash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(PreTokenizer);
        Add($"{BeginToken}");
        Add($"{Tokens.Count}");
        foreach (var (token, kind) in Tokens.Zip(Kinds))
            Add($"{kind} {token}");
        foreach (var merge in Merges)
            Add(merge);
        if (WholePiecesFirst)
            Add("whole pieces first");
        if (Composed)
            Add("composed");
        return Convert.ToHexStringLower(hash.GetHashAndReset());

        void Add(string text)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            hash.AppendData(BitConverter.GetBytes(bytes.Length)); // so that no two lists run together
            hash.AppendData(bytes);
        }
    }

    public VocabularyContent Checked(string path)
    {
        var kinds = new Dictionary<string, TokenKind>(Tokens.Count, StringComparer.Ordinal);
        foreach (var (token, kind) in Tokens.Zip(Kinds))
        {
            if (token.Length == 0 || !kinds.TryAdd(token, kind))
                throw Damaged($"the token '{token}' is empty or there twice");
        }
        var pairs = new HashSet<string>(Merges.Count, StringComparer.Ordinal);
        foreach (var merge in Merges)
        {
            var space = merge.IndexOf(' ', 1);
            if (space < 0 || !IsText(merge[..space]) || !IsText(merge[(space + 1)..]) || !IsText(merge.Remove(space, 1)) || !pairs.Add(merge))
                throw Damaged($"the merge '{merge}' is not a pair of tokens of text that makes a third, or is there twice");
        }
        return this;

        bool IsText(string token) => kinds.TryGetValue(token, out var kind) && kind == TokenKind.Text;
        Llm4MsrException Damaged(string what) => new(
            FaultKind.Damaged, $"The tokenizer of '{path}' is damaged: {what.Shortened()}. Get the model again.");
    }
}
