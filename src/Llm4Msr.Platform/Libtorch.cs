using System.Runtime.InteropServices;
using TorchSharp;

namespace Llm4Msr.Platform;

/// <summary>What was found when libtorch was loaded.</summary>
/// <param name="Folder">Where the native libraries lie, or null where none were found.</param>
/// <param name="LoadedFrom">The libLibTorchSharp that is in use, or null.</param>
/// <param name="FixNeeded">Whether the C++ library of this system is too old for it as it is (see <see cref="Libtorch"/>).</param>
/// <param name="Problem">Why torch cannot be used, with the way out; null where it can.</param>
public sealed record LibtorchReport(string? Folder, string? LoadedFrom, bool FixNeeded, string? Problem);

/// <summary>
/// Loads libtorch before the first torch call, also where TorchSharp's own loading fails.
/// </summary>
/// <remarks>
/// libLibTorchSharp.so of TorchSharp 0.107.0 asks for the symbol version GLIBCXX_3.4.32 (GCC 13), which Debian 12,
/// Ubuntu 22.04 and RHEL 9 do not have. Its only use is <c>std::ios_base_library_init</c>, for which the file holds no
/// relocation, so a private copy in which that version is marked as weak loads and runs. The file in the package
/// folder is never touched: it may be a hard link that others share.
/// </remarks>
public static class Libtorch
{
    private const string Wrapper = "libLibTorchSharp.so";
    private const string MissingVersion = "GLIBCXX_3.4.32";

    /// <summary>The only file that the fix was proven on: TorchSharp 0.107.0, linux-x64.</summary>
    private const string KnownWrapperHash = "cf33b1b0bb6bbb9754a768fb5c5d04d9f498603be50e73f55621a0b40ee608b8";

    // Each needs those before it.
    private static readonly string[] s_preloaded =
        ["libgomp-98b21ff3.so.1", "libc10.so", "libtorch_global_deps.so", "libtorch_cpu.so", "libtorch.so"];

    private static readonly Lazy<LibtorchReport> s_report = new(Load);

    /// <summary>Loads libtorch once per process and says what was found; never throws.</summary>
    public static LibtorchReport Report => s_report.Value;

    /// <summary>Loads libtorch, or throws with the remedy.</summary>
    public static void Require()
    {
        if (Report.Problem is { } problem)
            throw new Llm4MsrException(FaultKind.ResourceMissing, problem);
    }

    private static LibtorchReport Load()
    {
        string? folder = null, loadedFrom = null;
        var fixNeeded = false;
        try
        {
            if (OperatingSystem.IsLinux())
            {
                folder = NativeFolders().FirstOrDefault(f => File.Exists(Path.Combine(f, Wrapper)));
                if (folder is not null)
                {
                    loadedFrom = Path.Combine(folder, Wrapper);
                    if (!NativeLibrary.TryLoad(loadedFrom, out _))
                    {
                        fixNeeded = true;
                        loadedFrom = LoadPatchedCopy(folder);
                    }
                }
            }
            NativeHeap.KeepFreedBlocks();
            torch.TryInitializeDeviceType(DeviceType.CPU);
            return new LibtorchReport(folder, loadedFrom, fixNeeded, Problem: null);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return new LibtorchReport(folder, LoadedFrom: null, fixNeeded, Explain(e, folder));
        }
    }

    private static string LoadPatchedCopy(string folder)
    {
        var patched = PatchedCopyOf(Path.Combine(folder, Wrapper), UserCache.Folder("native"));
        foreach (var name in s_preloaded)
        {
            var library = Path.Combine(folder, name);
            if (File.Exists(library))
                NativeLibrary.Load(library);
        }
        NativeLibrary.Load(patched);
        return patched;
    }

    /// <summary>
    /// Writes the patched copy of <paramref name="original"/> below <paramref name="cache"/>, or finds it there.
    /// Many processes may do so at once: each writes a temporary file and renames it, and all write the same bytes.
    /// </summary>
    internal static string PatchedCopyOf(string original, string cache)
    {
        var bytes = File.ReadAllBytes(original);
        var hash = FileHash.Of(bytes);
        if (hash != KnownWrapperHash)
        {
            throw new InvalidDataException(
                $"'{original}' (SHA-256 {hash}) is not the file of TorchSharp 0.107.0 that can be mended for an older C++ library. "
                + "Use TorchSharp 0.107.0, or a system whose libstdc++ has GLIBCXX_3.4.32 (GCC 13 or newer).");
        }
        if (ElfVersionNeeds.MarkWeak(bytes, MissingVersion) == 0)
            throw new InvalidDataException($"'{original}' does not ask for {MissingVersion}, so it failed to load for another reason.");

        var copy = Path.Combine(cache, hash[..16], Wrapper);
        if (!File.Exists(copy) || !File.ReadAllBytes(copy).AsSpan().SequenceEqual(bytes))
        {
            CreatePrivateFolder(Path.GetDirectoryName(copy)!);
            DurableFile.Write(copy, stream => stream.Write(bytes));
        }
        return copy;
    }

    private static IEnumerable<string> NativeFolders()
    {
        var searched = (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return [.. searched, AppContext.BaseDirectory,
            Path.Combine(AppContext.BaseDirectory, "runtimes", RuntimeInformation.RuntimeIdentifier, "native"),
            Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native")];
    }

    private static void CreatePrivateFolder(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static string Explain(Exception e, string? folder)
    {
        var cause = e is TypeInitializationException { InnerException: { } inner } ? inner : e;
        var firstLine = cause.Message.Split('\n')[0].Trim();
        return folder is null && OperatingSystem.IsLinux()
            ? $"libtorch was not found beside the program ({AppContext.BaseDirectory}). "
              + "Reference the package libtorch-cpu-linux-x64 2.10.0 in the application, then build again."
            : $"libtorch could not be loaded: {firstLine} "
              + "Supported: x86-64 Linux with glibc 2.34 or newer. 'llm4msr doctor' shows what was found.";
    }
}
