using Llm4Msr.Testing;

namespace Llm4Msr.Platform.Tests;

public sealed class DurableFileTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void AFileThatCouldNotBeWrittenLeavesTheOldOneAndNothingElse()
    {
        DurableFile.WriteText(_scratch["a"], "old");

        Assert.Throws<InvalidOperationException>(() => DurableFile.Write(_scratch["a"], stream =>
        {
            stream.Write("half"u8);
            throw new InvalidOperationException();
        }));

        Assert.Equal("old", File.ReadAllText(_scratch["a"]));
        Assert.Equal([_scratch["a"]], Directory.EnumerateFileSystemEntries(_scratch.Root));
    }

    [Theory]
    [InlineData("/dev/")] // a name that is no device: where this fails, nothing is lost
    [InlineData("/dev/./")]
    [InlineData("/proc/self/fd/")]
    public void NoFileTakesThePlaceOfADevice(string folder)
    {
        var path = $"{folder}llm4msr-{Guid.NewGuid():N}";
        try
        {
            var refused = Assert.Throws<Llm4MsrException>(() => DurableFile.WriteText(path, "text"));

            Assert.Equal(FaultKind.Usage, refused.Kind);
            Assert.StartsWith($"'{path}' is where the system keeps its devices", refused.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void AReaderSeesTheOldFileUntilTheNewOneIsWhole()
    {
        DurableFile.WriteText(_scratch["a"], "old");
        DurableFile.Write(_scratch["a"], stream =>
        {
            stream.Write("new"u8);
            stream.Flush();
            Assert.Equal("old", File.ReadAllText(_scratch["a"]));
        });

        Assert.Equal("new", File.ReadAllText(_scratch["a"]));
    }

    [Fact]
    public void AFolderHasItsNameOnlyWhenItIsFilled()
    {
        DurableFile.WriteFolder(_scratch["folder"], temporary =>
        {
            File.WriteAllText(Path.Combine(temporary, "a"), "1");
            Directory.CreateDirectory(Path.Combine(temporary, "inner"));
            File.WriteAllText(Path.Combine(temporary, "inner", "b"), "2");
            Assert.False(Directory.Exists(_scratch["folder"]));
        });

        Assert.Equal("2", File.ReadAllText(Path.Combine(_scratch["folder"], "inner", "b")));
        Assert.Single(Directory.EnumerateFileSystemEntries(_scratch.Root));
    }

    [Fact]
    public void AFolderThatCouldNotBeFilledLeavesTheOldOneAndNothingElse()
    {
        Fill("old");

        Assert.Throws<InvalidOperationException>(() => DurableFile.ReplaceFolder(_scratch["folder"], temporary =>
        {
            File.WriteAllText(Path.Combine(temporary, "a"), "half");
            throw new InvalidOperationException();
        }));

        Assert.Equal("old", File.ReadAllText(Path.Combine(_scratch["folder"], "a")));
        Assert.Single(Directory.EnumerateFileSystemEntries(_scratch.Root));
    }

    [Fact]
    public void AReplacedFolderHoldsNothingOfTheOldOne()
    {
        Fill("old", "only-old");

        Fill("new");

        Assert.Equal("new", File.ReadAllText(Path.Combine(_scratch["folder"], "a")));
        Assert.Equal(["a"], Directory.EnumerateFileSystemEntries(_scratch["folder"]).Select(Path.GetFileName));
        Assert.Single(Directory.EnumerateFileSystemEntries(_scratch.Root));
    }

    [Fact]
    public void AFlushThatFailsIsReported()
    {
        var error = Assert.Throws<Llm4MsrException>(() => DurableFile.SyncFolder(_scratch["not there"]));

        Assert.Equal(FaultKind.ResourceMissing, error.Kind);
        Assert.StartsWith($"Could not open the folder '{_scratch["not there"]}': No such file or directory.", error.Message, StringComparison.Ordinal);
    }

    private void Fill(string content, params string[] more) => DurableFile.ReplaceFolder(_scratch["folder"], temporary =>
    {
        foreach (var name in more.Append("a"))
            File.WriteAllText(Path.Combine(temporary, name), content);
    });
}
