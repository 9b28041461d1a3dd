using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using Llm4Msr.Testing;

namespace Llm4Msr.Cli.Tests.Docs;

/// <summary>What the documents tell people to type is what the command line takes.</summary>
public sealed partial class ShownCommandTests
{
    public static TheoryData<string, string> CommandLines =>
        [.. Documents.Names.SelectMany(name => Documents.Blocks(name, "sh")
            .SelectMany(block => block.Replace("\\\n", "", StringComparison.Ordinal).Split('\n'))
            .Where(line => line.StartsWith("./llm4msr ", StringComparison.Ordinal))
            .Select(line => (name, line)))];

    public static TheoryData<string, string> Mentions =>
        [.. Documents.Names.SelectMany(name => Mention().Matches(Documents.Read(name)).Select(m => (name, m.Groups[1].Value)).Distinct())];

    [Theory, MemberData(nameof(CommandLines))]
    public void ACommandLineOfADocumentParses(string document, string line)
    {
        var parsed = Parse(line);

        Assert.True(parsed.Errors.Count == 0, $"{document}: '{line}': {string.Join(' ', parsed.Errors.Select(e => e.Message))}");
    }

    /// <summary>A mention in a sentence may leave arguments out, but not name a verb or an option that is not there.</summary>
    [Theory, MemberData(nameof(Mentions))]
    public void AMentionedVerbIsThere(string document, string line)
    {
        var parsed = Parse(line);

        Assert.True(parsed.UnmatchedTokens.Count == 0, $"{document}: '{line}': there is no '{string.Join("', '", parsed.UnmatchedTokens)}'.");
    }

    private static System.CommandLine.ParseResult Parse(string line)
    {
        var words = CommandLineParser.SplitCommandLine(line).Skip(1).TakeWhile(word => word is not (">" or "#"));
        return CommandLine.Root(new Cli(new Terminal(), CancellationToken.None)).Parse([.. words]);
    }

    [GeneratedRegex(@"(?<!`)`((?:\./)?llm4msr [^`\n]+)`")]
    private static partial Regex Mention();
}
