using CsCheck;
using Llm4Msr.Language.Tokenization;

namespace Llm4Msr.Language.Tests.Tokenization;

public class ByteLevelPreTokenizerTests
{
    private static readonly ByteLevelPreTokenizer s_gpt2 = ByteLevelPreTokenizer.ByName("gpt-2", "m");
    private static readonly ByteLevelPreTokenizer s_smollm = ByteLevelPreTokenizer.ByName("smollm", "m");

    [Fact]
    public void DigitsStandAloneOnlyWhereTheModelWantsIt()
    {
        Assert.Equal(["in", " 1997", "."], Pieces(s_gpt2, "in 1997."));
        Assert.Equal(["in", " ", "1", "9", "9", "7", "."], Pieces(s_smollm, "in 1997."));
    }

    [Fact]
    public void DigitsAreTakenOutBeforeWhiteSpaceIsShared()
    {
        // GPT-2 leaves the last space of a run to the word after it; a digit gets none.
        Assert.Equal(["a", " ", " 1"], Pieces(s_gpt2, "a  1"));
        Assert.Equal(["a", "  ", "1"], Pieces(s_smollm, "a  1"));
        Assert.Equal(["a", "  ", "²", "½", "५", "b"], Pieces(s_smollm, "a  ²½५b"));
    }

    [Fact]
    public void LettersBeyondTheFirstPlaneAreLetters()
    {
        Assert.Equal(["a𝐀b", " 𐐷"], Pieces(s_gpt2, "a𝐀b 𐐷"));
        Assert.Equal(["a", "🎬!", "b"], Pieces(s_gpt2, "a🎬!b"));
        Assert.Equal(["𝟏𝟐"], Pieces(s_gpt2, "𝟏𝟐"));
        Assert.Equal(["𝟏", "𝟐"], Pieces(s_smollm, "𝟏𝟐"));
        Assert.Equal(["'", "𝐬"], Pieces(s_gpt2, "'𝐬"));
    }

    [Fact]
    public void ThePiecesAreTheTextAndNoneIsEmpty() => Gen.String.Sample(text =>
    {
        text = text.Replace("\uFFFF", "", StringComparison.Ordinal);
        var pieces = Pieces(s_smollm, text);
        return string.Concat(pieces) == text && pieces.All(p => p.Length > 0);
    });

    private static string[] Pieces(ByteLevelPreTokenizer rule, string text) =>
        [.. rule.PreTokenize(text).Select(p => text.Substring(p.Offset, p.Length))];
}
