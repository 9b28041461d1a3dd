using System.CommandLine;

namespace Llm4Msr.Cli;

/// <summary>A command as it was typed, to be typed again.</summary>
internal static class TypedCommand
{
    public static string Of(ParseResult parsed) => $"llm4msr {string.Join(' ', parsed.Tokens.Select(t => Quoted(t.Value)))}";

    /// <summary>A word as a shell takes it.</summary>
    private static string Quoted(string word) => word.All(c => char.IsAsciiLetterOrDigit(c) || "-_./=:,@%+".Contains(c, StringComparison.Ordinal)) && word.Length > 0
        ? word
        : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
