using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Llm4Msr.Platform;

/// <summary>The machine that a figure was measured on; written into every run folder and benchmark result.</summary>
/// <param name="MemoryBytes">What this process may use, container limits included.</param>
public sealed record Machine(
    string OperatingSystem, string Processor, int Processors, IReadOnlyList<string> ProcessorFeatures, long MemoryBytes, string Runtime)
{
    public static Machine Current { get; } = new(
        RuntimeInformation.OSDescription,
        ProcessorName(),
        Environment.ProcessorCount,
        Features(),
        GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        RuntimeInformation.FrameworkDescription);

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Processor}, {Processors} processors, {MemoryBytes / (1L << 30)} GiB, {OperatingSystem}, {Runtime}");

    private static string ProcessorName()
    {
        const string Information = "/proc/cpuinfo";
        if (!File.Exists(Information))
            return RuntimeInformation.ProcessArchitecture.ToString();
        var line = File.ReadLines(Information).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal));
        return line is null ? RuntimeInformation.ProcessArchitecture.ToString() : line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }

    private static string[] Features()
    {
        (string Name, bool Present)[] known =
        [
            ("AVX2", Avx2.IsSupported), ("FMA", Fma.IsSupported), ("AVX-512F", Avx512F.IsSupported),
            ("AVX-VNNI", AvxVnni.IsSupported), ("Vector512", Vector512.IsHardwareAccelerated),
        ];
        return [.. known.Where(f => f.Present).Select(f => f.Name)];
    }
}
