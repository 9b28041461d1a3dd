using System.Diagnostics;
using Llm4Msr.Testing;

namespace Llm4Msr.Platform.Tests;

public class WriterLockTests
{
    [Fact]
    public void ASecondWriterIsRefusedAtOnceWithTheProcessOfTheFirst()
    {
        using var scratch = new ScratchFolder();
        using var first = WriterLock.Acquire(scratch["store"], "knowledge store");
        var watch = Stopwatch.StartNew();

        var error = Assert.Throws<Llm4MsrException>(() => WriterLock.Acquire(scratch["store"], "knowledge store"));

        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 1);
        Assert.Equal(FaultKind.ResourceMissing, error.Kind);
        Assert.Equal($"The knowledge store '{scratch["store"]}' is being written by process {Environment.ProcessId}. "
            + "Wait until that is done, or stop it; reading is possible meanwhile.", error.Message);
    }

    [Fact]
    public void AReleasedLockIsFree()
    {
        using var scratch = new ScratchFolder();
        WriterLock.Acquire(scratch["store"], "store").Dispose();

        WriterLock.Acquire(scratch["store"], "store").Dispose();
    }

    [Fact]
    public void OneLockDoesNotHoldAnother()
    {
        using var scratch = new ScratchFolder();
        using var one = WriterLock.Acquire(scratch["one"], "store");
        using var other = WriterLock.Acquire(scratch["other"], "store");
    }

    [Fact]
    public void AFolderThatIsNotThereIsNamed()
    {
        using var scratch = new ScratchFolder();
        var path = scratch[Path.Combine("missing", "store")];

        var error = Assert.Throws<Llm4MsrException>(() => WriterLock.Acquire(path, "knowledge store"));

        Assert.StartsWith($"The knowledge store '{path}' cannot be written: ", error.Message, StringComparison.Ordinal);
    }
}
