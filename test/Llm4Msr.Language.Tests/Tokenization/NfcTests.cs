using Llm4Msr.Language.Tokenization;

namespace Llm4Msr.Language.Tests.Tokenization;

public class NfcTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("e\u0301", "\u00E9")]
    [InlineData("\u00E9", "\u00E9")]
    [InlineData("\u212B \u2126", "\u00C5 \u03A9")] // singletons
    [InlineData("\u1100\u1161\u11A8 \uAC00\u11A8", "\uAC01 \uAC01")] // Hangul, from jamo and from a syllable
    [InlineData("q\u0307\u0323", "q\u0323\u0307")] // marks in the order of their classes
    [InlineData("s\u0307\u0323", "\u1E69")] // composed twice
    [InlineData("\u0958", "\u0915\u093C")] // excluded from composition
    [InlineData("\u0344", "\u0308\u0301")]
    [InlineData("a\u0301\u0301", "\u00E1\u0301")] // the second is blocked
    [InlineData("\U0001D15E", "\U0001D157\U0001D165")]
    [InlineData("e\u0301e\u0301", "\u00E9\u00E9")]
    public void LettersAndMarksAreComposed(string text, string composed) => Assert.Equal(composed, Nfc.Compose(text));
}
