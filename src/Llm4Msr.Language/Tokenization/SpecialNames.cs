using System.Text;

namespace Llm4Msr.Language.Tokenization;

/// <summary>Finds the names of special tokens in a text.</summary>
internal static class SpecialNames
{
    /// <summary>The first of the names in a text; of two at one place the longest.</summary>
    public static (int Start, string Name)? Next(ReadOnlySpan<char> text, string[] longestFirst)
    {
        (int Start, string Name)? first = null;
        foreach (var name in longestFirst)
        {
            var start = text.IndexOf(name, StringComparison.Ordinal);
            if (start >= 0 && (first is null || start < first.Value.Start))
                first = (start, name);
        }
        return first;
    }

    /// <summary>The longest of the names that a text starts with, or null.</summary>
    public static string? At(ReadOnlySpan<char> text, string[] longestFirst)
    {
        foreach (var name in longestFirst)
        {
            if (text.StartsWith(name, StringComparison.Ordinal))
                return name;
        }
        return null;
    }

    /// <summary>Half a surrogate pair has no bytes in UTF-8; it becomes U+FFFD.</summary>
    public static string WithoutLoneSurrogates(string text) => text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF')
        ? Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text))
        : text;
}
