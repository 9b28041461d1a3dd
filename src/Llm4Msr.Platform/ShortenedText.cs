namespace Llm4Msr.Platform;

/// <summary>What a damaged file says may be as long as the file; in a message it is cut.</summary>
public static class ShortenedText
{
    public static string Shortened(this string text, int most = 500)
    {
        if (text.Length <= most)
            return text;
        return text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)] + "...";
    }
}
