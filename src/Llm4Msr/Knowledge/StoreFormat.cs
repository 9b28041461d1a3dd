using System.Globalization;
using Llm4Msr.Platform;
using Microsoft.Data.Sqlite;

namespace Llm4Msr.Knowledge;

/// <summary>How a store's file says what it is: SQLite's application id and a version of this format.</summary>
internal static class StoreFormat
{
    public const int Version = 1;

    /// <summary>Three pages of a store without records.</summary>
    public const long EmptyBytes = 3 * 4096;

    private const int ApplicationId = 0x4C4D5352; // "LMSR"

    /// <summary>Writes a store without records.</summary>
    public static void WriteEmpty(string path, KnowledgeFingerprint fingerprint, StoreHead head)
    {
        using var connection = SqliteCalls.Connect(path, SqliteOpenMode.ReadWriteCreate, waitSeconds: 1);
        connection.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA page_size={PageSizeFor(fingerprint)}; PRAGMA synchronous=EXTRA"));
        connection.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA application_id={ApplicationId}; PRAGMA user_version={Version}; BEGIN"));
        foreach (var (_, definition) in new StoreTables(fingerprint.States.Count).Definitions)
            connection.Execute(definition);
        connection.Execute("INSERT INTO store VALUES ($fingerprint, $interactions, $records, $last, $content, $crc); COMMIT",
            [("$fingerprint", head.Fingerprint), ("$interactions", head.InteractionsHash), .. head.Changing]);
    }

    public static void Check(string path, SqliteConnection connection)
    {
        const int NotADatabase = 26;
        long application, format;
        try
        {
            application = connection.Rows("PRAGMA application_id", r => r.GetInt64(0))[0];
            format = connection.Rows("PRAGMA user_version", r => r.GetInt64(0))[0];
        }
        catch (SqliteException e) when (e.SqliteErrorCode == NotADatabase)
        {
            (application, format) = (0, 0);
        }
        if (application != ApplicationId)
            throw new Llm4MsrException(FaultKind.Damaged, $"'{path}' is not a knowledge store. Name another file, or restore this one from a copy.");
        if (format != Version)
        {
            throw new Llm4MsrException(FaultKind.Damaged, $"The knowledge store '{path}' has the format version {format}; this program knows version {Version}. "
                + "Use the program that wrote it, or a newer one.");
        }
    }

    /// <summary>Before the real opening, which may roll a transaction back: what this program does not know must stay as it is.</summary>
    public static void CheckUntouched(string path, int waitSeconds)
    {
        const int Corrupt = 11, NeedsRollback = 776;
        try
        {
            using var reading = SqliteCalls.Connect(path, SqliteOpenMode.ReadOnly, waitSeconds);
            Check(path, reading);
        }
        catch (SqliteException e) when (e.SqliteExtendedErrorCode == NeedsRollback)
        {
            // A look past the locks. Closing it drops the locks that this process holds on the file, but whoever left the
            // journal behind is gone, and nobody writes. Before the rollback the file may well look cut.
            try
            {
                using var looking = SqliteCalls.Connect(new Uri(path).AbsoluteUri + "?immutable=1", SqliteOpenMode.ReadOnly, waitSeconds);
                Check(path, looking);
            }
            catch (SqliteException cut) when (cut.SqliteErrorCode == Corrupt)
            {
            }
        }
    }

    /// <summary>
    /// A row that does not fit a page goes on in pages of its own, with little lost; one that does would leave up to half of
    /// a small page empty, so many are put on a larger one.
    /// </summary>
    private static int PageSizeFor(KnowledgeFingerprint fingerprint)
    {
        const int Small = 4096, Large = 16384;
        var vectors = fingerprint.States.Count * fingerprint.UserWidth * StoredVector.BytesPerValue(fingerprint.Precision);
        return vectors < Small ? Large : Small;
    }
}
