using System.Globalization;
using System.Text;
using Llm4Msr.Platform;

namespace Llm4Msr.Import;

/// <summary>Reads files of the MovieLens kind: one record per line, a fixed number of fields, no quoting, ISO-8859-1.</summary>
internal static class DelimitedFile
{
    private const int LongestLine = 1 << 20;

    public static IEnumerable<DelimitedLine> Read(string path, char separator, int fields)
    {
        if (!File.Exists(path))
        {
            throw new Llm4MsrException(FaultKind.BadInput,
                $"There is no file '{path}'. Name the folder into which MovieLens-100K was unpacked: it holds u.data, u.item and u.user.");
        }
        using var reader = new StreamReader(path, Encoding.Latin1, detectEncodingFromByteOrderMarks: true);
        for (var number = 1; reader.ReadLine() is { } text; number++)
        {
            if (text.Length > LongestLine)
                throw new Llm4MsrException(FaultKind.BadInput, $"{path}, line {number}: {text.Length} characters, expected at most {LongestLine}. Is it the right file?");
            if (text.Length == 0 && reader.Peek() < 0)
                yield break;
            var values = text.Split(separator);
            if (values.Length != fields)
            {
                throw new Llm4MsrException(FaultKind.BadInput,
                    $"{path}, line {number}: {values.Length} fields, expected {fields} (separated by {(separator == '\t' ? "tabs" : $"'{separator}'")}): "
                    + $"'{Shorten(text)}'. Was the file cut or changed? Get it again.");
            }
            yield return new DelimitedLine(path, number, values);
        }
    }

    internal static string Shorten(string text) => text.Length <= 80 ? text : $"{text[..80]}...";
}

/// <summary>One line, and its place for messages.</summary>
internal sealed record DelimitedLine(string Path, int LineNumber, string[] Values)
{
    public string this[int field] => Values[field];

    public string Id(int field, string name) => Values[field].Length > 0 ? Values[field] : throw Wrong(field, name, "an id");

    public long Number(int field, string name) => long.TryParse(Values[field], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw Wrong(field, name, "a whole number");

    public bool Flag(int field, string name) => Values[field] switch
    {
        "0" => false,
        "1" => true,
        _ => throw Wrong(field, name, "0 or 1"),
    };

    public Llm4MsrException Wrong(int field, string name, string expected) => new(FaultKind.BadInput,
        $"{Path}, line {LineNumber}: the {name} is '{DelimitedFile.Shorten(Values[field])}', expected {expected}. Correct the line or get the file again.");
}
