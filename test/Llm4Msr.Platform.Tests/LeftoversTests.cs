using System.Diagnostics;
using Llm4Msr.Testing;

namespace Llm4Msr.Platform.Tests;

public sealed class LeftoversTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void WhatAKilledWriterLeftIsClearedByTheNextOneOfTheSameFile()
    {
        var file = Old(Leftovers.NameFor(_scratch["a"]));
        var journal = Old(Leftovers.NameFor(_scratch["a"]) + "-journal");
        var folder = Leftovers.NameFor(_scratch["a"]);
        Directory.CreateDirectory(Path.Combine(folder, "inner"));
        File.WriteAllText(Path.Combine(folder, "inner", "b"), "half");
        Directory.SetLastWriteTimeUtc(folder, BeforeThisProcess);

        DurableFile.WriteText(_scratch["a"], "new");

        Assert.Equal([_scratch["a"]], Directory.EnumerateFileSystemEntries(_scratch.Root));
        Assert.False(File.Exists(file) || File.Exists(journal));
    }

    [Fact]
    public void AFoldersNextWriterClearsTooAndItsEndDoesNot()
    {
        Old(Leftovers.NameFor(_scratch["folder"]));
        DurableFile.WriteFolder(_scratch["folder"], temporary =>
        {
            Directory.SetLastWriteTimeUtc(temporary, BeforeThisProcess);
            Leftovers.Clear(_scratch["folder"]); // as another writer would: this one is alive
            Assert.Equal([temporary], Directory.EnumerateFileSystemEntries(_scratch.Root));
        });

        Assert.Equal([_scratch["folder"]], Directory.EnumerateFileSystemEntries(_scratch.Root));
    }

    [Fact]
    public void WhatALivingWriterHoldsStays()
    {
        DurableFile.Write(_scratch["a"], stream =>
        {
            stream.Write("half"u8);
            stream.Flush();
            var temporary = Assert.Single(Directory.EnumerateFiles(_scratch.Root));
            File.SetLastWriteTimeUtc(temporary, BeforeThisProcess);

            Leftovers.Clear(_scratch["a"]);

            Assert.True(File.Exists(temporary));
        });
        Assert.Equal("half", File.ReadAllText(_scratch["a"]));
    }

    [Fact]
    public void AStoreThatIsFilledUnderItsTemporaryNameStaysAsLongAsItsLockIsHeld()
    {
        var store = Old(Leftovers.NameFor(_scratch["a"]));
        using (WriterLock.Acquire(store, "store"))
        {
            File.SetLastWriteTimeUtc(store + ".lock", BeforeThisProcess);
            Leftovers.Clear(_scratch["a"]);
            Assert.True(File.Exists(store) && File.Exists(store + ".lock"));
        }

        Leftovers.Clear(_scratch["a"]);

        Assert.Empty(Directory.EnumerateFiles(_scratch.Root));
    }

    [Fact]
    public void WhatIsYoungerOrOfAnotherNameStays()
    {
        var kept = new[]
        {
            Old(Leftovers.NameFor(_scratch["b"])), Old(Leftovers.NameFor(_scratch["a.b"])), Old(_scratch["a.tmp"]), Old(_scratch["a.notes.tmp"]), Old(Leftovers.NameFor(_scratch["a"]) + ".txt"),
            Leftovers.NameFor(_scratch["a"]),
        };
        File.WriteAllText(kept[^1], "of a writer that began after this process");

        Leftovers.Clear(_scratch["a"]);

        Assert.All(kept, path => Assert.True(File.Exists(path)));
    }

    private static DateTime BeforeThisProcess
    {
        get
        {
            using var process = Process.GetCurrentProcess();
            return process.StartTime.ToUniversalTime().AddMinutes(-1);
        }
    }

    private static string Old(string path)
    {
        File.WriteAllText(path, "left");
        File.SetLastWriteTimeUtc(path, BeforeThisProcess);
        return path;
    }
}
