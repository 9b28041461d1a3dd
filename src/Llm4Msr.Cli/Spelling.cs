using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using Llm4Msr.Platform;

namespace Llm4Msr.Cli;

/// <summary>A value of an enumeration that prints as the command line spells it, as a default in a help text too.</summary>
internal readonly record struct Spelled<T>(T Value) where T : struct, Enum
{
    public override string ToString() => Spelling.Of(Value);
}

/// <summary>Enumerations as the command line spells them: <c>UserHoldout</c> is <c>user-holdout</c>.</summary>
internal static class Spelling
{
    public static string Of<T>(T value) where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());

    public static IReadOnlyList<string> All<T>() where T : struct, Enum => [.. Enum.GetValues<T>().Select(Of)];

    /// <summary>An option that takes one of an enumeration's values.</summary>
    /// <param name="among">The values that can be meant; all where none is given.</param>
    public static Option<Spelled<T>> Option<T>(string name, string description, T @default, params T[] among) where T : struct, Enum
    {
        var values = among.Length > 0 ? among : Enum.GetValues<T>();
        return new(name)
        {
            Description = description,
            DefaultValueFactory = _ => new(@default),
            CustomParser = result => new(Parse(name, result, values)),
            HelpName = string.Join('|', values.Select(Of)),
        };
    }

    /// <summary>The same for an option whose default depends on others: null where it is not given.</summary>
    public static Option<T?> MaybeOption<T>(string name, string description) where T : struct, Enum => new(name)
    {
        Description = description,
        CustomParser = result => Parse(name, result, Enum.GetValues<T>()),
        HelpName = string.Join('|', All<T>()),
    };

    /// <summary>An argument that is one of an enumeration's values.</summary>
    public static Argument<T> Argument<T>(string name, string description) where T : struct, Enum => new(name)
    {
        Description = description,
        CustomParser = result => Parse(name, result, Enum.GetValues<T>()),
        HelpName = string.Join('|', All<T>()),
    };

    private static T Parse<T>(string name, ArgumentResult result, T[] values) where T : struct, Enum
    {
        var spelling = result.Tokens.Count > 0 ? result.Tokens[^1].Value : "";
        foreach (var value in values)
        {
            if (Of(value) == spelling)
                return value;
        }
        var known = values.Select(Of).ToList();
        result.AddError($"{name} is '{spelling}', expected one of: {string.Join(", ", known)}.{Nearest.Hint(spelling, known)}");
        return default;
    }
}
