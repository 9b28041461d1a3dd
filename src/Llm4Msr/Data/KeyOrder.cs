using System.Globalization;

namespace Llm4Msr.Data;

/// <summary>The order of ids: as numbers where all of them are whole numbers, else (and among equal numbers) by their characters' code points.</summary>
public static class KeyOrder
{
    public static string[] Sorted(IEnumerable<string> keys)
    {
        string[] sorted = [.. keys];
        Sort(sorted, new bool[sorted.Length]);
        return sorted;
    }

    /// <summary>Sorts <paramref name="keys"/>, and <paramref name="values"/> along with them.</summary>
    internal static void Sort<T>(string[] keys, T[] values)
    {
        var numbers = Numbers(keys);
        Comparison<int> compare = numbers is null
            ? (a, b) => ByCodePoint(keys[a], keys[b])
            : (a, b) => numbers[a] != numbers[b] ? numbers[a].CompareTo(numbers[b]) : ByCodePoint(keys[a], keys[b]);
        if (Enumerable.Range(1, Math.Max(0, keys.Length - 1)).All(k => compare(k - 1, k) <= 0))
            return; // the usual case: a table's keys are in order already
        int[] order = [.. Enumerable.Range(0, keys.Length)];
        Array.Sort(order, compare);
        var (oldKeys, oldValues) = (keys.ToArray(), values.ToArray());
        for (var k = 0; k < order.Length; k++)
            (keys[k], values[k]) = (oldKeys[order[k]], oldValues[order[k]]);
    }

    private static long[]? Numbers(string[] keys)
    {
        var numbers = new long[keys.Length];
        for (var k = 0; k < keys.Length; k++)
        {
            if (!long.TryParse(keys[k], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out numbers[k]))
                return null;
        }
        return numbers;
    }

    /// <summary>As bytes of UTF-8 compare; halves of a surrogate pair stand below U+E000, but what they spell stands above.</summary>
    private static int ByCodePoint(string one, string other)
    {
        var common = one.AsSpan().CommonPrefixLength(other);
        if (common == one.Length || common == other.Length)
            return one.Length - other.Length;
        var (a, b) = (one[common], other[common]);
        return char.IsSurrogate(a) == char.IsSurrogate(b) ? a - b : char.IsSurrogate(a) ? 1 : -1;
    }
}
