using System.Runtime.InteropServices;

namespace Llm4Msr.Platform;

/// <summary>
/// Settings of the C heap, from which torch takes its tensors. By default glibc gives every large block back to the
/// system as soon as it is free, and the system clears it again for the next step: a tenth to a third of the processor
/// time of training and reasoning.
/// </summary>
internal static partial class NativeHeap
{
    private const int TrimThreshold = -1, MmapThreshold = -3; // M_TRIM_THRESHOLD, M_MMAP_THRESHOLD
    private const int KeptBytes = 1 << 30;

    /// <summary>Lets the process keep freed blocks for the next step. Its peak memory stays what it was.</summary>
    /// <returns>Whether there was something to set: there is not where the C library is not glibc.</returns>
    public static bool KeepFreedBlocks()
    {
        if (!OperatingSystem.IsLinux())
            return false;
        try
        {
            return SetOption(MmapThreshold, KeptBytes) == 1 && SetOption(TrimThreshold, KeptBytes) == 1;
        }
        catch (EntryPointNotFoundException)
        {
            return false; // musl
        }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetOption(int option, int value);
}
