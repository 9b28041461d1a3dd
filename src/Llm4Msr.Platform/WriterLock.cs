using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Llm4Msr.Platform;

/// <summary>
/// The right to write a file or folder, for one process at a time: an exclusive lock on a small file beside it, named
/// with <c>.lock</c>.
/// </summary>
/// <remarks>
/// The operating system releases the lock when its holder ends, however it ends, so no lock is ever stale. The lock
/// file stays: deleting it could let two writers each lock a file of that name.
/// </remarks>
public sealed partial class WriterLock : IDisposable
{
    private readonly FileStream _file;

    private WriterLock(FileStream file) => _file = file;

    /// <summary>Takes the lock at once, or throws with the process that holds it.</summary>
    /// <param name="path">What is going to be written; its folder must exist.</param>
    /// <param name="whatItIs">What it is, for the message: "knowledge store".</param>
    public static WriterLock Acquire(string path, string whatItIs)
    {
        var name = path + ".lock";
        try
        {
            var file = new FileStream(name, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            file.SetLength(0);
            file.Write(Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
            file.Flush();
            return new WriterLock(file);
        }
        catch (IOException e) when (IsHeldByAnother(e))
        {
            throw new Llm4MsrException(FaultKind.ResourceMissing,
                $"The {whatItIs} '{path}' is being written by {HolderOf(name)}. Wait until that is done, or stop it; reading is possible meanwhile.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new Llm4MsrException(FaultKind.ResourceMissing,
                $"The {whatItIs} '{path}' cannot be written: {e.Message.TrimEnd('.')}. Make its folder writable, or copy it to one that is.", e);
        }
    }

    public void Dispose() => _file.Dispose();

    private static bool IsHeldByAnother(IOException e)
    {
        const int WindowsSharingViolation = unchecked((int)0x80070020), LinuxWouldBlock = 11, MacWouldBlock = 35;
        return e.HResult is WindowsSharingViolation || (OperatingSystem.IsMacOS() ? e.HResult == MacWouldBlock : e.HResult == LinuxWouldBlock);
    }

    /// <summary>.NET locks every file that it opens, so the holder's own note is read through the operating system.</summary>
    private static string HolderOf(string name)
    {
        const string Unknown = "another process";
        if (OperatingSystem.IsWindows())
            return Unknown;
        var descriptor = OpenForReading(name, 0);
        if (descriptor < 0)
            return Unknown;
        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        Span<byte> text = stackalloc byte[16];
        var length = RandomAccess.Read(handle, text, 0);
        return int.TryParse(text[..length], CultureInfo.InvariantCulture, out var process) ? $"process {process}" : Unknown;
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenForReading(string path, int flags);
}
