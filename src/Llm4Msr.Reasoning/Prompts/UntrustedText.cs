using System.Globalization;
using System.Text;

namespace Llm4Msr.Reasoning.Prompts;

/// <summary>
/// Titles, categories and ids are data that anyone may have written: no control or formatting characters, one line, and not
/// endless.
/// </summary>
internal static class UntrustedText
{
    private const int Longest = 200; // characters
    private const int LongestTokens = 64;

    /// <summary>What may stand in a prompt.</summary>
    /// <param name="cutTokens">Cuts a text to so many tokens of the model that will read it; null where none is known.</param>
    public static string Clean(string text, Func<string, int, string>? cutTokens)
    {
        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            var category = Rune.GetUnicodeCategory(rune);
            if (Rune.IsWhiteSpace(rune) || category is UnicodeCategory.Control)
            {
                if (clean.Length > 0 && clean[^1] != ' ')
                    clean.Append(' ');
            }
            else if (category is not (UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned)
                && clean.Length + rune.Utf16SequenceLength <= Longest)
            {
                clean.Append(rune.ToString());
            }
        }
        var oneLine = clean.ToString().TrimEnd();
        return cutTokens is null ? oneLine : cutTokens(oneLine, LongestTokens);
    }
}
