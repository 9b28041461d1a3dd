using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Llm4Msr.Platform;
using Microsoft.ML.Tokenizers;

namespace Llm4Msr.Language.Tokenization;

/// <summary>Cuts text into the pieces within which byte pairs are merged.</summary>
/// <remarks>
/// .NET's regular expressions see UTF-16 units, in which a letter beyond the first plane is two halves of no category.
/// The rules therefore run over a stand-in text with one character per code point.
/// </remarks>
internal sealed partial class ByteLevelPreTokenizer : PreTokenizer
{
    private readonly Regex _rule;
    private readonly bool _digitsApart;

    private ByteLevelPreTokenizer(Regex rule, bool digitsApart) => (_rule, _digitsApart) = (rule, digitsApart);

    /// <param name="name">As GGUF files call it.</param>
    public static ByteLevelPreTokenizer ByName(string name, string path) => name switch
    {
        "gpt-2" => new(Gpt2(), digitsApart: false),
        "smollm" => new(Gpt2(), digitsApart: true),
        "qwen2" => new(Qwen2(), digitsApart: false),
        "llama3" or "llama-v3" or "llama-bpe" => new(Llama3(), digitsApart: false),
        _ => throw new Llm4MsrException(
            FaultKind.BadInput, $"'{path}' cuts text by the rule '{name.Shortened(100)}', which is not supported. Supported: 'gpt-2', 'smollm', 'qwen2', 'llama3'."),
    };

    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Gpt2();

    // The letters of both cases are written out; beside them only the long s is the same as another letter in any case.
    [GeneratedRegex(@"'(?:[sSſ]|[tT]|[rR][eE]|[vV][eE]|[mM]|[lL][lL]|[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Qwen2();

    [GeneratedRegex(@"'(?:[sSſ]|[tT]|[rR][eE]|[vV][eE]|[mM]|[lL][lL]|[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Llama3();

    public override IEnumerable<(int Offset, int Length)> PreTokenize(string text) => PreTokenize(text.AsSpan());

    public override IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text)
    {
        var (standIn, offsets) = OneCharacterPerCodePoint(text);
        var pieces = new List<(int Offset, int Length)>();
        for (int start = 0, end; start < standIn.Length; start = end)
        {
            end = start;
            while (end < standIn.Length && !(_digitsApart && char.IsNumber(standIn[end])))
                end++;
            foreach (var match in _rule.EnumerateMatches(standIn.AsSpan(start, end - start)))
                Add(start + match.Index, match.Length);
            if (end < standIn.Length)
                Add(end++, 1);
        }
        return pieces;

        void Add(int first, int length) => pieces.Add((offsets[first], offsets[first + length] - offsets[first]));
    }

    /// <returns>The stand-in text, and where each of its characters, and its end, lies in <paramref name="text"/>.</returns>
    private static (string StandIn, int[] Offsets) OneCharacterPerCodePoint(ReadOnlySpan<char> text)
    {
        var standIn = new StringBuilder(text.Length);
        var offsets = new List<int>(text.Length + 1);
        var offset = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            offsets.Add(offset);
            offset += rune.Utf16SequenceLength;
            standIn.Append(rune.IsBmp ? (char)rune.Value : Rune.GetUnicodeCategory(rune) switch
            {
                UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
                    or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => '字',
                UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => '0',
                _ => '*', // there is no white space beyond the first plane
            });
        }
        offsets.Add(offset);
        return (standIn.ToString(), [.. offsets]);
    }
}
