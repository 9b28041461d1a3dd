using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Microsoft.Win32.SafeHandles;

namespace Llm4Msr.Platform;

/// <summary>
/// What writers that were killed left under temporary names. The next writer of the same file or folder clears it: what is
/// older than that writer's process and what nobody holds.
/// </summary>
/// <remarks>
/// The operating system drops a lock when its holder ends, however it ends. What cannot be locked, because somebody writes it
/// or because the file system has no locks, stays.
/// </remarks>
public static partial class Leftovers
{
    private const int ReadAndCloseInChildren = 0x80000, Exclusive = 2, DoNotWait = 4;

    private const string Ending = ".tmp", LockEnding = ".lock";

    /// <summary>Deletes what was left of <paramref name="path"/>; what cannot be deleted stays for the next one.</summary>
    public static void Clear(string path)
    {
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Path.GetDirectoryName(path) is not { } folder || !Directory.Exists(folder))
            return;
        foreach (var left in new DirectoryInfo(folder).EnumerateFileSystemInfos().Where(left => IsOf(path, left.FullName) && IsOlderThanThisProcess(left)))
        {
            try
            {
                using var held = TryHold(left.FullName);
                if (held is null || IsHeldByItsLock(left.FullName))
                    continue;
                if (left is DirectoryInfo directory)
                    directory.Delete(recursive: true);
                else
                    left.Delete();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Another writer cleared it at the same time, or it is not ours to delete. It harms nobody.
            }
        }
    }

    /// <summary>A name beside <paramref name="path"/> for what is not whole yet.</summary>
    public static string NameFor(string path) => $"{path}.{Guid.NewGuid():N}{Ending}";

    /// <summary>Keeps others from taking a folder for a leftover as long as this process fills it.</summary>
    public static IDisposable? Hold(string folder) => TryHold(folder);

    private static bool IsOf(string path, string name) =>
        name.StartsWith(path + ".", StringComparison.Ordinal) && TemporaryEnding().IsMatch(name.AsSpan(path.Length));

    private static bool IsOlderThanThisProcess(FileSystemInfo left)
    {
        using var process = Process.GetCurrentProcess();
        return left.LastWriteTimeUtc < process.StartTime.ToUniversalTime();
    }

    /// <summary>A store that is filled under its temporary name has a lock beside it (<see cref="WriterLock"/>).</summary>
    private static bool IsHeldByItsLock(string name)
    {
        var ownLock = name[..(name.LastIndexOf(Ending, StringComparison.Ordinal) + Ending.Length)] + LockEnding;
        if (name == ownLock || !File.Exists(ownLock))
            return false;
        using var held = TryHold(ownLock);
        return held is null;
    }

    /// <summary>An exclusive lock; null where another has it.</summary>
    private static SafeFileHandle? TryHold(string path)
    {
        if (OperatingSystem.IsWindows())
            return new SafeFileHandle(); // there an open file cannot be deleted
        var descriptor = Open(path, ReadAndCloseInChildren);
        if (descriptor < 0)
            return null;
        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        if (Lock(descriptor, Exclusive | DoNotWait) == 0)
            return handle;
        handle.Dispose();
        return null;
    }

    [GeneratedRegex(@"\A\.[0-9a-f]{32}\.tmp(-journal|\.lock)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex TemporaryEnding();

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Lock(int descriptor, int operation);
}
