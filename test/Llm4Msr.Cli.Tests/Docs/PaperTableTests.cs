using Llm4Msr.Testing;

namespace Llm4Msr.Cli.Tests.Docs;

/// <summary><c>docs/paper.md</c> leaves nothing of the paper out and says for each what proves it; <see cref="LinkTests"/> follows its links.</summary>
public sealed class PaperTableTests
{
    private const string Document = "docs/paper.md";

    /// <summary>The lines of algorithm 1; the others only say "end".</summary>
    private static readonly int[] s_algorithmLines = [1, 2, 3, 4, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16];

    [Fact]
    public void EveryEquationHasItsRow() => Assert.Equal(Enumerable.Range(1, 9).Select(n => $"({n})"), FirstCells("equation"));

    [Fact]
    public void EveryLineOfTheAlgorithmHasItsRow() => Assert.Equal(s_algorithmLines.Select(n => $"{n}"), FirstCells("line"));

    [Fact]
    public void EverySectionHasItsRow() => Assert.Equal(["§3.2", "§3.3", "§4.2 to §4.4", "§4.5", "§4.6", "A", "B", "Table 4"], FirstCells("section"));

    [Fact]
    public void EveryOpenPointHasItsRow() => Assert.Equal("abcdefghijk".Select(c => $"{c}"), FirstCells("point"));

    [Theory]
    [InlineData("equation"), InlineData("line"), InlineData("section"), InlineData("point")]
    public void EveryRowLinksATypeAndATestOrSaysWhyThereIsNone(string heading)
    {
        foreach (var row in Documents.Table(Document, heading))
        {
            Assert.True(row[^2].Contains("(../src/", StringComparison.Ordinal), $"{Document}, row {row[0]}: no type is linked.");
            Assert.True(row[^1].Contains("(../test/", StringComparison.Ordinal) || row[^1].StartsWith("no test", StringComparison.Ordinal),
                $"{Document}, row {row[0]}: no test is linked, and not said why.");
        }
    }

    private static IEnumerable<string> FirstCells(string heading) => Documents.Table(Document, heading).Select(row => row[0]);
}
