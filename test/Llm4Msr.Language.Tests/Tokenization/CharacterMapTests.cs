using System.Text;
using CsCheck;
using Llm4Msr.Language.Tokenization;

namespace Llm4Msr.Language.Tests.Tokenization;

public class CharacterMapTests
{
    /// <summary>A double array of three words, laid out by hand: "a" becomes "b", "ab" becomes "xy", "é" becomes nothing.</summary>
    private static byte[] Bytes()
    {
        const uint Leaf = 1u << 8;
        var units = new uint[1024];
        static uint Unit(uint offset, uint label, uint leaf = 0) => offset << 10 | leaf | label;

        units[0] = Unit(512, 0);
        var a = 512u ^ 'a';
        units[a] = Unit(256, 'a', Leaf);            // children at a ^ 256
        units[a ^ 256] = 1u << 31 | 0;              // value 0: "b"
        var b = a ^ 256 ^ 'b';
        units[b] = Unit(128, 'b', Leaf);
        units[b ^ 128] = 1u << 31 | 2;              // value 2: "xy"
        var first = 512u ^ 0xC3;
        units[first] = Unit(64, 0xC3);
        var second = first ^ 64 ^ 0xA9;
        units[second] = Unit(32, 0xA9, Leaf);
        units[second ^ 32] = 1u << 31 | 5;          // value 5: ""
        return [.. BitConverter.GetBytes((uint)units.Length * 4), .. units.SelectMany(BitConverter.GetBytes), .. Encoding.UTF8.GetBytes("b\0xy\0\0")];
    }

    [Theory]
    [InlineData("a", "b")]
    [InlineData("ab", "xy")]
    [InlineData("aab ac", "bxy bc")]
    [InlineData("caf\u00E9!", "cbf!")]
    [InlineData("\u00E8 \U0001F3AC", "\u00E8 \U0001F3AC")]
    public void TheLongestKnownSequenceIsReplaced(string text, string expected) =>
        Assert.Equal(expected, CharacterMap.Of(Bytes())!.Apply(text));

    [Fact]
    public void AMapOfAnyBytesReplacesSomethingAndEnds() =>
        Gen.Byte.Array[4, 400].Sample(bytes => CharacterMap.Of([.. BitConverter.GetBytes(bytes.Length / 8 * 4), .. bytes])?.Apply("Hello w\u00F6rld") is null or { Length: < 6000 });

    [Fact]
    public void BytesThatAreTooFewAreNoMap()
    {
        Assert.Null(CharacterMap.Of([1, 0]));
        Assert.Null(CharacterMap.Of([8, 0, 0, 0, 1, 2, 3, 4]));
        Assert.Same(CharacterMap.None, CharacterMap.Of([]));
    }
}
