using System.Text.RegularExpressions;
using Llm4Msr.Models;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Cli.Tests.Docs;

/// <summary>Lists that stand in the README and in the code are equal.</summary>
public sealed partial class ReadmeFactsTests
{
    [Fact]
    public void TheExitCodesAreThoseOfTheFaults() => Assert.Equal(
        [0, .. Enum.GetValues<FaultKind>().Select(kind => (int)kind), CommandLine.Cancelled],
        Documents.Table("README.md", "code").Select(row => int.Parse(row[0], null)));

    [Fact]
    public void TheBackbonesAreThoseThatCanBeChosen() =>
        Assert.Equal(string.Join(", ", Enum.GetValues<BackboneKind>().Select(Spelling.Of)), Backbones().Match(Documents.Read("README.md")).Groups[1].Value);

    [GeneratedRegex(@"^- Backbones: (.+)\.$", RegexOptions.Multiline)]
    private static partial Regex Backbones();
}
