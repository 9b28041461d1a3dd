using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;

namespace Llm4Msr.Cli;

/// <summary>Enumerations as the command line spells them: <c>UserHoldout</c> is <c>user-holdout</c>.</summary>
internal static class Spelling
{
    public static string Of<T>(T value) where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());

    public static IReadOnlyList<string> All<T>() where T : struct, Enum => [.. Enum.GetValues<T>().Select(Of)];

    public static Option<T> Choice<T>(string name, string description, T @default) where T : struct, Enum => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => @default,
        CustomParser = Parser<T>(),
        HelpName = string.Join('|', All<T>()),
    };

    /// <summary>The same for an option whose default depends on others.</summary>
    public static Option<T?> MaybeChoice<T>(string name, string description) where T : struct, Enum
    {
        var parse = Parser<T>();
        return new Option<T?>(name) { Description = description, CustomParser = result => parse(result), HelpName = string.Join('|', All<T>()) };
    }

    public static Func<ArgumentResult, T> Parser<T>() where T : struct, Enum => result =>
    {
        var spelling = result.Tokens.Count > 0 ? result.Tokens[^1].Value : "";
        foreach (var value in Enum.GetValues<T>())
        {
            if (Of(value) == spelling)
                return value;
        }
        var option = (result.Parent as OptionResult)?.IdentifierToken?.Value ?? "The argument";
        result.AddError($"{option} is '{spelling}', expected one of: {string.Join(", ", All<T>())}.{Nearest.Hint(spelling, All<T>())}");
        return default;
    };
}
