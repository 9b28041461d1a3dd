using System.Globalization;
using Llm4Msr.Platform;

namespace Llm4Msr.Experiments;

/// <summary>A table for spreadsheets: numbers in full, in the invariant culture.</summary>
public static class CsvFile
{
    public static void Write(string path, IReadOnlyList<string> header, IEnumerable<IReadOnlyList<object?>> rows) =>
        DurableFile.WriteText(path, string.Concat(rows.Prepend([.. header]).Select(row => string.Join(',', row.Select(Cell)) + "\n")));

    private static string Cell(object? value)
    {
        var text = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        return text.AsSpan().ContainsAny(",\"\r\n") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
    }
}
