using System.CommandLine;
using System.CommandLine.Parsing;
using Llm4Msr.Platform;

namespace Llm4Msr.Cli;

/// <summary>What is wrong with the words of a command line, and what was probably meant.</summary>
internal static class UsageProblems
{
    /// <returns>One sentence each; none where the command can run.</returns>
    public static IReadOnlyList<string> Of(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var unknown = UnknownOptions(parsed).ToList();
        if (unknown.Count > 0)
        {
            var known = OptionsOf(parsed.CommandResult).ToList();
            return [.. unknown.Select(name => $"There is no option '{name}'.{Nearest.Hint(name, known)}")];
        }
        if (parsed.Errors.Count > 0 && command.Subcommands.Count > 0)
        {
            var names = command.Subcommands.Select(c => c.Name).ToList();
            return [parsed.UnmatchedTokens.Count > 0
                ? $"There is no command '{parsed.UnmatchedTokens[0]}'.{Nearest.Hint(parsed.UnmatchedTokens[0], names)}"
                : $"A command is missing: one of {string.Join(", ", names)}."];
        }
        return
        [
            .. parsed.UnmatchedTokens.Select(word => $"'{word}' is one word too many."),
            .. parsed.Errors.Where(e => e.SymbolResult is not CommandResult result || result.Tokens.Count == 0 || parsed.UnmatchedTokens.Count == 0).Select(Sentence),
        ];
    }

    /// <summary>The parser takes what looks like an option and is none for an argument where there is room for one.</summary>
    private static IEnumerable<string> UnknownOptions(ParseResult parsed) => parsed.Tokens
        .TakeWhile(token => token.Type != TokenType.DoubleDash)
        .Where(token => token.Type == TokenType.Argument)
        .Select(token => token.Value)
        .Where(word => word.StartsWith("--", StringComparison.Ordinal) || (word is ['-', not (>= '0' and <= '9'), ..] && parsed.UnmatchedTokens.Contains(word)))
        .Select(word => word.Split('=')[0]);

    private static IEnumerable<string> OptionsOf(CommandResult result)
    {
        for (SymbolResult? place = result; place is not null; place = place.Parent)
        {
            foreach (var option in ((CommandResult)place).Command.Options.Where(o => place == result || o.Recursive))
                yield return option.Name;
        }
    }

    private static string Sentence(ParseError error)
    {
        if (error.SymbolResult is OptionResult { Tokens.Count: 1 } result && NumberOf(result.Option.ValueType) is { } expected)
            return $"{result.Option.Name} is '{result.Tokens[0].Value}', expected {expected}.";
        return error.Message;
    }

    private static string? NumberOf(Type type) => (Nullable.GetUnderlyingType(type) ?? type) switch
    {
        var number when number == typeof(int) => "a whole number",
        var number when number == typeof(double) => "a number like 0.001",
        _ => null,
    };
}
