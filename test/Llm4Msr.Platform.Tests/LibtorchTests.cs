using Llm4Msr.Testing;
using TorchSharp;

namespace Llm4Msr.Platform.Tests;

public class LibtorchTests
{
    private static readonly string s_original = Path.Combine(
        AppContext.BaseDirectory, "runtimes", "linux-x64", "native", "libLibTorchSharp.so");

    [Fact]
    public void TorchComputes() => Assert.Equal(6, torch.tensor(new[] { 1, 2, 3 }).sum().item<long>());

    [Fact]
    public void ThePackagesOwnFileIsNeverChanged()
    {
        using var scratch = new ScratchFolder();
        var before = FileHash.OfFile(s_original);

        Libtorch.PatchedCopyOf(s_original, scratch.Root);

        Assert.Equal(before, FileHash.OfFile(s_original));
    }

    [Fact]
    public void ThePatchSetsOneFlagAndNothingElse()
    {
        using var scratch = new ScratchFolder();
        var original = File.ReadAllBytes(s_original);

        var patched = File.ReadAllBytes(Libtorch.PatchedCopyOf(s_original, scratch.Root));

        Assert.Equal(original.Length, patched.Length);
        var changed = Enumerable.Range(0, original.Length).Where(i => original[i] != patched[i]).ToList();
        Assert.Equal(original[Assert.Single(changed)] | 0x2, patched[changed[0]]);
    }

    [Fact]
    public void ADamagedCopyIsReplaced()
    {
        using var scratch = new ScratchFolder();
        var copy = Libtorch.PatchedCopyOf(s_original, scratch.Root);
        var whole = FileHash.OfFile(copy);
        File.WriteAllText(copy, "half a library");

        Assert.Equal(copy, Libtorch.PatchedCopyOf(s_original, scratch.Root));

        Assert.Equal(whole, FileHash.OfFile(copy));
    }

    [Fact]
    public void AnUnknownFileIsRefusedByName()
    {
        using var scratch = new ScratchFolder();
        var other = scratch["libLibTorchSharp.so"];
        File.WriteAllBytes(other, [.. File.ReadAllBytes(s_original), 0]);

        var error = Assert.Throws<InvalidDataException>(() => Libtorch.PatchedCopyOf(other, scratch["cache"]));

        Assert.StartsWith($"'{other}' (SHA-256 {FileHash.OfFile(other)}) is not the file of TorchSharp 0.107.0", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(scratch["cache"]));
    }

    [Fact]
    public async Task ManyAtOnceAgreeOnOneCopy()
    {
        using var scratch = new ScratchFolder();

        var copies = await Task.WhenAll(Enumerable.Range(0, 16).Select(
            _ => Task.Run(() => FileHash.OfFile(Libtorch.PatchedCopyOf(s_original, scratch.Root)))));

        Assert.Single(copies.Distinct());
        Assert.Single(Directory.GetFiles(scratch.Root, "*", SearchOption.AllDirectories)); // no temporary file left
    }
}
