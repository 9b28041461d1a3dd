using CsCheck;

namespace Llm4Msr.Platform.Tests;

public class Crc32CTests
{
    /// <summary>The test vectors of RFC 3720, appendix B.4, and the usual check value.</summary>
    [Fact]
    public void ItIsTheOneOfTheStandard()
    {
        Assert.Equal(0xE3069283u, Crc32C.Of("123456789"u8));
        Assert.Equal(0x8A9136AAu, Crc32C.Of(new byte[32]));
        Assert.Equal(0x62A8AB43u, Crc32C.Of(Enumerable.Repeat((byte)0xFF, 32).ToArray()));
        Assert.Equal(0x46DD794Eu, Crc32C.Of([.. Enumerable.Range(0, 32).Select(i => (byte)i)]));
    }

    [Fact]
    public void PiecesGiveWhatTheWholeGives() => Gen.Byte.Array[0, 100].Select(Gen.Int[0, 100]).Sample((bytes, at) =>
    {
        var pieces = new Crc32C();
        pieces.Append(bytes.AsSpan(0, Math.Min(at, bytes.Length)));
        pieces.Append(bytes.AsSpan(Math.Min(at, bytes.Length)));
        Assert.Equal(Crc32C.Of(bytes), pieces.Value);
    });
}
