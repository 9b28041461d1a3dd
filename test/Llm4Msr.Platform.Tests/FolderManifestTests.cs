using Llm4Msr.Testing;

namespace Llm4Msr.Platform.Tests;

public sealed class FolderManifestTests : IDisposable
{
    private const string Format = "llm4msr-test/1";

    private readonly ScratchFolder _scratch = new();

    public FolderManifestTests()
    {
        File.WriteAllBytes(_scratch["a"], [1, 2, 3, 4]);
        Directory.CreateDirectory(_scratch["inner"]);
        File.WriteAllText(_scratch["inner/b"], "text");
        FolderManifest.Write(_scratch.Root, Format);
    }

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void AnUntouchedFolderPasses()
    {
        Verify();
        Assert.Equal(Format, FolderManifest.FormatOf(_scratch.Root));
    }

    [Theory]
    [InlineData("a"), InlineData("inner/b")]
    public void EveryFlippedBitIsNamed(string name)
    {
        var whole = File.ReadAllBytes(_scratch[name]);
        for (var bit = 0; bit < whole.Length * 8; bit++)
        {
            var flipped = whole.ToArray();
            flipped[bit / 8] ^= (byte)(1 << bit % 8);
            File.WriteAllBytes(_scratch[name], flipped);

            Assert.Contains($"the file '{name}' was changed: its SHA-256 is {FileHash.Of(flipped)}, expected {FileHash.Of(whole)}", Damage(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void AMissingFileIsNamed()
    {
        File.Delete(_scratch["inner/b"]);

        Assert.Contains("the file 'inner/b' is missing", Damage(), StringComparison.Ordinal);
    }

    [Fact]
    public void ACutFileIsNamed()
    {
        File.WriteAllBytes(_scratch["a"], [1, 2, 3]);

        Assert.Contains("the file 'a' has 3 bytes, expected 4", Damage(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{"), InlineData("null"), InlineData("""{"format":"llm4msr-test/1","files":{"../outside":{"bytes":1,"sha256":"0"}}}""")]
    [InlineData("""{"format":"llm4msr-test/1","files":{"/etc/passwd":{"bytes":1,"sha256":"0"}}}"""), InlineData("""{"files":{}}""")]
    public void AManifestThatIsNoneOrLeadsOutOfTheFolderIsDamage(string content)
    {
        File.WriteAllText(_scratch[FolderManifest.FileName], content);

        Assert.Contains("'manifest.json' cannot be read", Damage(), StringComparison.Ordinal);
        Assert.Null(FolderManifest.FormatOf(_scratch.Root));
    }

    [Fact]
    public void AnotherFormatIsRefusedWithBoth() =>
        Assert.Contains("has the format 'llm4msr-test/1', this program reads 'llm4msr-test/2'", Damage("llm4msr-test/2"), StringComparison.Ordinal);

    [Fact]
    public void AFolderWithoutAManifestIsBadInput()
    {
        File.Delete(_scratch[FolderManifest.FileName]);

        Assert.Equal(FaultKind.BadInput, Assert.Throws<Llm4MsrException>(() => Verify()).Kind);
    }

    private void Verify(string format = Format) => FolderManifest.Verify(_scratch.Root, format, "test folder", "Make it again.");

    private string Damage(string format = Format)
    {
        var error = Assert.Throws<Llm4MsrException>(() => Verify(format));
        Assert.Equal(FaultKind.Damaged, error.Kind);
        Assert.EndsWith("Make it again.", error.Message, StringComparison.Ordinal);
        return error.Message;
    }
}
