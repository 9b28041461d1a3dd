using System.Globalization;
using System.Text;
using Llm4Msr.Language.Tokenization;
using Llm4Msr.Platform;
using Microsoft.ML.Tokenizers;

namespace Llm4Msr.Language.Encoders;

/// <summary>WordPiece as BERT has it: words and signs apart, small letters without marks, then the longest pieces of a vocabulary.</summary>
/// <remarks>
/// The library finds the pieces. What it is given is split and cleaned here: its own splitting keeps the underscore with its
/// word, and takes no mark off a letter where the program carries no tables of cultures.
/// </remarks>
internal sealed class WordPieces
{
    private const string Unknown = "[UNK]", First = "[CLS]", Last = "[SEP]";
    private const int MostBytes = 64 << 20;

    private readonly BertTokenizer _tokenizer;
    private readonly bool _small;

    private WordPieces(BertTokenizer tokenizer, bool small, int tokens)
    {
        _tokenizer = tokenizer;
        _small = small;
        Tokens = tokens;
    }

    /// <summary>Ids are below it.</summary>
    public int Tokens { get; }

    public static WordPieces Load(string path)
    {
        if (new FileInfo(path).Length is > MostBytes and var length)
            throw Wrong($"has {length} bytes, far more than any");
        var lines = File.ReadAllLines(path);
        foreach (var special in (string[])[Unknown, First, Last])
        {
            if (!lines.Contains(special))
                throw Wrong($"has no line '{special}'");
        }
        try
        {
            // A vocabulary with capital letters was made for them.
            var small = !lines.Any(line => line.Length > 0 && line[0] != '[' && line.Any(char.IsAsciiLetterUpper));
            return new WordPieces(BertTokenizer.Create(path, new BertOptions { LowerCaseBeforeTokenization = false }), small, lines.Length);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw Wrong($"cannot be used: {e.Message.Shortened()}", e);
        }

        Llm4MsrException Wrong(string what, Exception? inner = null) =>
            new(FaultKind.BadInput, $"The vocabulary '{path}' {what.TrimEnd('.')}. It needs a piece in every line, {Unknown}, {First} and {Last} among them; name the encoder's own.", inner);
    }

    /// <summary>With the token that begins a text and the one that ends it; a longer text loses its end.</summary>
    public int[] Encode(string text, int most)
    {
        var ids = _tokenizer.EncodeToIds(Split(text));
        return ids.Count <= most ? [.. ids] : [.. ids.Take(most - 1), ids[^1]];
    }

    private string Split(string text)
    {
        var result = new StringBuilder(text.Length + 16);
        foreach (var rune in (_small ? Nfc.Decompose(text.ToLowerInvariant()) : text).EnumerateRunes())
        {
            switch (Rune.GetUnicodeCategory(rune))
            {
                case UnicodeCategory.NonSpacingMark when _small:
                    break;
                case var _ when rune.Value is '\t' or '\n' or '\r' || Rune.IsWhiteSpace(rune):
                    result.Append(' ');
                    break;
                case UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.Surrogate:
                    break;
                case var _ when rune.Value is 0 or 0xFFFD:
                    break;
                case var category when IsSign(rune, category) || IsIdeograph(rune.Value):
                    result.Append(' ').Append(rune.ToString()).Append(' ');
                    break;
                default:
                    result.Append(rune.ToString());
                    break;
            }
        }
        return result.ToString();
    }

    private static bool IsSign(Rune rune, UnicodeCategory category) =>
        rune.IsAscii ? !char.IsAsciiLetterOrDigit((char)rune.Value)
        : category is UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation or UnicodeCategory.OpenPunctuation or UnicodeCategory.ClosePunctuation
            or UnicodeCategory.InitialQuotePunctuation or UnicodeCategory.FinalQuotePunctuation or UnicodeCategory.OtherPunctuation;

    /// <summary>The blocks of Chinese characters that BERT takes one by one.</summary>
    private static bool IsIdeograph(int point) => point is
        >= 0x4E00 and <= 0x9FFF or >= 0x3400 and <= 0x4DBF or >= 0x20000 and <= 0x2A6DF or >= 0x2A700 and <= 0x2B73F
        or >= 0x2B740 and <= 0x2B81F or >= 0x2B820 and <= 0x2CEAF or >= 0xF900 and <= 0xFAFF or >= 0x2F800 and <= 0x2FA1F;
}
