using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Llm4Msr.Import.Configuration;
using Llm4Msr.Platform;

namespace Llm4Msr.Import.Engine;

/// <summary>A file of the logs as text, as far as this program reads it itself: its beginning tells the encoding and the names of the columns.</summary>
internal static class SourceText
{
    private const int LongestHeader = 1 << 20, LinesOfNames = 1000;

    public static StreamReader Open(string path, FileEncoding encoding) =>
        new(OpenBytes(path), encoding switch { FileEncoding.Utf16 => Encoding.Unicode, FileEncoding.Latin1 => Encoding.Latin1, _ => Encoding.UTF8 });

    /// <summary>What the mark at a file's beginning says, else what was said, else UTF-8. A mark of what the database does not read is refused.</summary>
    public static FileEncoding EncodingOf(string path, FileEncoding? said) => Readable(path, () =>
    {
        using var stream = OpenBytes(path);
        var mark = new byte[4];
        return mark.AsSpan(0, stream.ReadAtLeast(mark, mark.Length, throwOnEndOfStream: false)) switch
        {
            [0xFF, 0xFE, 0, 0] => throw NotRead("UTF-32 little-endian", "UTF-32LE"), // before UTF-16, whose mark it begins with
            [0, 0, 0xFE, 0xFF] => throw NotRead("UTF-32 big-endian", "UTF-32BE"),
            [0xFE, 0xFF, ..] => throw NotRead("UTF-16 big-endian", "UTF-16BE"),
            [0xFF, 0xFE, ..] => FileEncoding.Utf16,
            [0xEF, 0xBB, 0xBF, ..] => FileEncoding.Utf8,
            _ => said ?? FileEncoding.Utf8,
        };

        Llm4MsrException NotRead(string name, string code) => new(FaultKind.BadInput, $"{path} is {name}; convert it, for example with 'iconv -f {code} -t UTF-8'.");
    });

    /// <summary>The names that the first record gives the columns; one without a name is called by its number, as in column3.</summary>
    public static IReadOnlyList<string> Header(string path, FileEncoding encoding, string separator, string quote) =>
        Fields(FirstRecord(path, encoding, quote), separator, quote);

    /// <summary>The names in the first lines; lines that are no objects have none, and become rejected rows.</summary>
    public static IReadOnlyList<string> JsonNames(string path, FileEncoding encoding) => Readable<List<string>>(path, () =>
    {
        using var text = Open(path, encoding);
        var beginning = new char[LongestHeader];
        var lines = new string(beginning, 0, text.ReadBlock(beginning)).Split('\n', LinesOfNames + 1);
        List<string> names = [];
        foreach (var line in lines.Take(LinesOfNames))
        {
            try
            {
                using var document = JsonDocument.Parse(line);
                if (document.RootElement.ValueKind == JsonValueKind.Object)
                    names.AddRange(document.RootElement.EnumerateObject().Select(p => p.Name).Except(names));
            }
            catch (JsonException)
            {
            }
        }
        return names;
    });

    /// <summary>Runs <paramref name="read"/>; what the reader cannot make of the file is named with it.</summary>
    public static T Readable<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is DuckDbException or InvalidDataException)
        {
            throw new Llm4MsrException(FaultKind.BadInput, $"{path} cannot be read: {e.Message} Was it cut, or is it another kind of file?", e);
        }
    }

    /// <summary>Up to the first line end that is not inside of quotes.</summary>
    private static string FirstRecord(string path, FileEncoding encoding, string quote) => Readable(path, () =>
    {
        using var reader = Open(path, encoding);
        var record = new StringBuilder();
        var quoted = false;
        for (var next = reader.Read(); next >= 0; next = reader.Read())
        {
            var character = (char)next;
            if (quote.Length > 0 && character == quote[0])
                quoted = !quoted;
            if (character is '\n' or '\r' && !quoted)
            {
                if (record.Length > 0)
                    break;
                continue;
            }
            if (record.Length > LongestHeader)
                throw new Llm4MsrException(FaultKind.BadInput, $"{path}: the first line has more than {LongestHeader:N0} characters. Is it the right kind of file?");
            record.Append(character);
        }
        return record.ToString();
    });

    private static List<string> Fields(string record, string separator, string quote)
    {
        List<string> fields = [];
        var (field, quoted) = (new StringBuilder(), false);
        for (var k = 0; k < record.Length; k++)
        {
            if (quote.Length > 0 && record[k] == quote[0])
            {
                if (quoted && k + 1 < record.Length && record[k + 1] == quote[0])
                    field.Append(record[k++]);
                else
                    quoted = !quoted;
            }
            else if (!quoted && record.AsSpan(k).StartsWith(separator))
            {
                fields.Add(field.ToString());
                field.Clear();
                k += separator.Length - 1;
            }
            else
            {
                field.Append(record[k]);
            }
        }
        if (record.Length > 0)
            fields.Add(field.ToString());
        return [.. fields.Select((name, k) => name.Length > 0 ? name : $"column{k + 1}")];
    }

    private static Stream OpenBytes(string path)
    {
        var file = File.OpenRead(path);
        return path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : file;
    }
}
