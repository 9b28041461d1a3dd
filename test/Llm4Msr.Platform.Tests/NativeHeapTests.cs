namespace Llm4Msr.Platform.Tests;

public class NativeHeapTests
{
    [Fact]
    public void TheCLibraryTakesTheSettings()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: needs Linux");

        Assert.True(NativeHeap.KeepFreedBlocks());
    }
}
