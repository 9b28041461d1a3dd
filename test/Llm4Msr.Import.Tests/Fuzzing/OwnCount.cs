using System.Text;
using ParquetSharp;
using Encoding = System.Text.Encoding;

namespace Llm4Msr.Import.Tests.Fuzzing;

/// <summary>How many rows a log has, counted without the reader that the import has: by RFC 4180, by lines, or by a Parquet file's own word.</summary>
internal static class OwnCount
{
    /// <returns>Null where the format itself does not say: the text is in no encoding, a quote is not closed or something follows it, the footer is gone.</returns>
    public static long? Of(string name, byte[] bytes) => Path.GetExtension(name) switch
    {
        ".csv" => Text(bytes) is { } text ? Records(text, ',') - 1 : null,
        ".tsv" => Text(bytes) is { } text ? Records(text, '\t') - 1 : null,
        ".jsonl" => Text(bytes)?.Split(["\r\n", "\n", "\r"], StringSplitOptions.None).Count(line => line.Length > 0),
        _ => Parquet(bytes),
    };

    /// <summary>Records with anything in them, the header too.</summary>
    private static long? Records(string text, char separator)
    {
        var records = 0L;
        for (var at = 0; at < text.Length;)
        {
            var begin = at;
            if (!Field(text, ref at, separator))
                return null;
            while (at < text.Length && text[at] == separator)
            {
                at++;
                if (!Field(text, ref at, separator))
                    return null;
            }
            records += at > begin ? 1 : 0;
            at += text.AsSpan(at).StartsWith("\r\n") ? 2 : 1;
        }
        return records;
    }

    /// <summary>Goes to what follows a field.</summary>
    /// <returns>Whether it ends as a field should.</returns>
    private static bool Field(string text, ref int at, char separator)
    {
        if (at == text.Length || text[at] != '"')
        {
            while (at < text.Length && text[at] != separator && text[at] is not ('\r' or '\n'))
                at++;
            return true;
        }
        for (at++; at < text.Length; at++)
        {
            if (text[at] != '"')
                continue;
            at++;
            if (at == text.Length || text[at] == separator || text[at] is '\r' or '\n')
                return true;
            if (text[at] != '"')
                return false;
        }
        return false;
    }

    private static string? Text(byte[] bytes)
    {
        try
        {
            return bytes is [0xFF, 0xFE, ..]
                ? new UnicodeEncoding(bigEndian: false, byteOrderMark: true, throwOnInvalidBytes: true).GetString(bytes.AsSpan(2))
                : new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? bytes.AsSpan(3) : bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static long? Parquet(byte[] bytes)
    {
        try
        {
            using var stream = new MemoryStream(bytes);
            using var reader = new ParquetFileReader(stream);
            return reader.FileMetaData.NumRows;
        }
        catch (ParquetException)
        {
            return null;
        }
    }
}
