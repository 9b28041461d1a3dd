using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Llm4Msr.Platform;

/// <summary>
/// Files that are either whole or not there: written under a temporary name, flushed to the disk, renamed, and the
/// folder flushed after them.
/// </summary>
/// <remarks>
/// <c>FileStream.Flush(true)</c> does not report a failed fsync on Linux, and .NET cannot flush a folder at all,
/// so both are asked of the operating system directly.
/// </remarks>
public static partial class DurableFile
{
    /// <summary>Writes <paramref name="path"/> through <paramref name="write"/>; readers see the old file or the new one, never a part.</summary>
    /// <exception cref="Llm4MsrException">The path is a device, such as <c>/dev/null</c>: the new file would take its place.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        RefuseDevice(path);
        Leftovers.Clear(path);
        var temporary = Leftovers.NameFor(path);
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16))
            {
                write(stream);
                stream.Flush();
                Sync(stream.SafeFileHandle, temporary);
                // From here on nothing but its age keeps another writer from taking it for a leftover: renamed while it is
                // locked, it would keep readers out.
                File.SetLastWriteTimeUtc(stream.SafeFileHandle, DateTime.UtcNow);
            }
            File.Move(temporary, path, overwrite: true);
            SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Gives a file that is complete its name, in the same folder; it is on the disk when this returns.</summary>
    public static void MoveIntoPlace(string finished, string path)
    {
        using (var handle = File.OpenHandle(finished, FileMode.Open, FileAccess.ReadWrite))
            Sync(handle, finished);
        File.Move(finished, path);
        SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    public static void WriteText(string path, string text) => Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)));

    /// <summary>Adds a line to the end of <paramref name="path"/>; it is on the disk when this returns.</summary>
    /// <remarks>Who is killed meanwhile may leave a part of the line: readers take it for the end.</remarks>
    public static void AppendLine(string path, string line)
    {
        using var stream = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read);
        stream.Write(Encoding.UTF8.GetBytes(line + "\n"));
        stream.Flush();
        Sync(stream.SafeFileHandle, path);
    }

    /// <summary>
    /// Fills a folder under a temporary name and gives it its name when everything in it is on the disk.
    /// <paramref name="path"/> must not exist.
    /// </summary>
    public static void WriteFolder(string path, Action<string> fill)
    {
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        Leftovers.Clear(path);
        var temporary = Leftovers.NameFor(path);
        Directory.CreateDirectory(temporary);
        using var held = Leftovers.Hold(temporary);
        try
        {
            fill(temporary);
            SyncTree(temporary);
            Directory.Move(temporary, path);
            SyncFolder(Path.GetDirectoryName(path)!);
        }
        catch
        {
            Directory.Delete(temporary, recursive: true);
            throw;
        }
    }

    /// <summary>As <see cref="WriteFolder"/>, but the place of an existing folder is taken in one step.</summary>
    public static void ReplaceFolder(string path, Action<string> fill)
    {
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (!Directory.Exists(path))
        {
            WriteFolder(path, fill);
            return;
        }
        var fresh = Leftovers.NameFor(path);
        WriteFolder(fresh, fill);
        Exchange(fresh, path);
        SyncFolder(Path.GetDirectoryName(path)!);
        Directory.Delete(fresh, recursive: true);
    }

    public static void SyncFolder(string path)
    {
        if (OperatingSystem.IsWindows())
            return; // NTFS journals the name itself, and there is no call to ask for it.
        var descriptor = OpenForReading(path, 0);
        if (descriptor < 0)
            throw Failed("open the folder", path);
        try
        {
            if (FlushDescriptor(descriptor) != 0)
                throw Failed("flush the folder", path);
        }
        finally
        {
            _ = CloseDescriptor(descriptor);
        }
    }

    private static void RefuseDevice(string path)
    {
        if (!OperatingSystem.IsWindows() && $"{Path.GetDirectoryName(Path.GetFullPath(path))}/" is var folder
            && (folder is "/dev/" or "/dev/fd/" || folder.StartsWith("/proc/", StringComparison.Ordinal)))
        {
            throw new Llm4MsrException(FaultKind.Usage, $"'{path}' is where the system keeps its devices, and a file that is whole or not there would take the device's place. Name a file elsewhere.");
        }
    }

    private static void SyncTree(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder))
        {
            using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite);
            Sync(handle, file);
        }
        foreach (var inner in Directory.EnumerateDirectories(folder))
            SyncTree(inner);
        SyncFolder(folder);
    }

    private static void Sync(SafeFileHandle handle, string path)
    {
        if (OperatingSystem.IsWindows())
            RandomAccess.FlushToDisk(handle);
        else if (FlushDescriptor(handle.DangerousGetHandle().ToInt32()) != 0)
            throw Failed("flush", path);
    }

    private static void Exchange(string one, string other)
    {
        const int WorkingFolder = -100, ExchangeNames = 2;
        if (OperatingSystem.IsLinux() && RenameAt(WorkingFolder, one, WorkingFolder, other, ExchangeNames) == 0)
            return;
        // No exchange here (another system, or a file system without it): two renames, the old folder kept until both are done.
        var aside = Leftovers.NameFor(other);
        Directory.Move(other, aside);
        Directory.Move(one, other);
        Directory.Move(aside, one);
    }

    private static Llm4MsrException Failed(string what, string path) => new(
        FaultKind.ResourceMissing,
        $"Could not {what} '{path}': {Marshal.GetLastPInvokeErrorMessage()}. "
        + "What was written may not be on the disk. Check the disk, then run the command again.");

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FlushDescriptor(int descriptor);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenForReading(string path, int flags);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt(int oldFolder, string oldPath, int newFolder, string newPath, uint flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int CloseDescriptor(int descriptor);
}
