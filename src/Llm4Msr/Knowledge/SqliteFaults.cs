using Llm4Msr.Platform;
using Microsoft.Data.Sqlite;

namespace Llm4Msr.Knowledge;

/// <summary>What SQLite and a row of unexpected types say, in the words of this project.</summary>
internal static class SqliteFaults
{
    // Primary result codes, https://sqlite.org/rescode.html
    private const int Busy = 5, Locked = 6, OutOfMemory = 7, ReadOnly = 8, InputOutput = 10, Full = 13, CannotOpen = 14;

    public static T Guarded<T>(string path, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (SqliteException e)
        {
            throw Named(path, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new Llm4MsrException(FaultKind.ResourceMissing, $"The knowledge store '{path}' could not be made or read: {e.Message.TrimEnd('.')}. Check the path and its folder.", e);
        }
        catch (Exception e) when (IsUnreadable(e))
        {
            throw Damaged(path, $"a value is not of the type expected ({e.Message.TrimEnd('.')})", e);
        }
    }

    public static void Guarded(string path, Action work) => Guarded(path, () =>
    {
        work();
        return 0;
    });

    /// <summary>Whether <paramref name="e"/> is what a reader throws for a value that is absent, too large or of another type.</summary>
    public static bool IsUnreadable(Exception e) =>
        e is InvalidCastException or OverflowException or FormatException or (InvalidOperationException and not ObjectDisposedException);

    public static Llm4MsrException Damaged(string path, string finding, Exception? inner = null) => new(
        FaultKind.Damaged, $"The knowledge store '{path}' is damaged: {finding}. Restore the file from a copy, or reason again into a new store.", inner);

    private static Llm4MsrException Named(string path, SqliteException e)
    {
        var (happened, wayOut) = e.SqliteErrorCode switch
        {
            Full => ("has no room left on its disk", "Free some space, then run the command again: it goes on where it stopped."),
            InputOutput => ("could not be read or written", "Check the disk, then run the command again: it goes on where it stopped."),
            OutOfMemory => ("needs more memory than there is", "Free some memory, then run the command again."),
            Busy or Locked => ("is held by another program", "Wait for that program or end it, then run the command again."),
            ReadOnly or CannotOpen => ("cannot be opened or written where it lies", "Make the file and its folder readable and writable, or copy them (and a file '-journal' beside it) to where they are."),
            _ => (null, null),
        };
        return happened is null
            ? Damaged(path, $"SQLite says '{e.Message.TrimEnd('.')}'", e)
            : new Llm4MsrException(FaultKind.ResourceMissing, $"The knowledge store '{path}' {happened} (SQLite says '{e.Message.TrimEnd('.')}'). {wayOut}", e);
    }
}
