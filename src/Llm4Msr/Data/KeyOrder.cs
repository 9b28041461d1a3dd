using System.Globalization;

namespace Llm4Msr.Data;

/// <summary>The order of ids: as numbers where all of them are whole numbers, else by their characters.</summary>
public static class KeyOrder
{
    public static string[] Sorted(IEnumerable<string> keys)
    {
        string[] sorted = [.. keys];
        var numbers = new long[sorted.Length];
        for (var k = 0; k < sorted.Length; k++)
        {
            if (!long.TryParse(sorted[k], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out numbers[k]))
            {
                Array.Sort(sorted, StringComparer.Ordinal);
                return sorted;
            }
        }
        Array.Sort(numbers, sorted);
        return sorted;
    }
}
