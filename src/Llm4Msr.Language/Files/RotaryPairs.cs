namespace Llm4Msr.Language.Files;

/// <summary>
/// Some models rotate numbers that lie side by side. A head's numbers may be renamed at will, in queries and keys alike,
/// without changing a score; so their rows are put in the order in which this decoder rotates: the first half of what is
/// rotated against its second half.
/// </summary>
internal static class RotaryPairs
{
    /// <summary>Where each row of queries or keys is found.</summary>
    /// <param name="rotated">How many numbers of a head are rotated; the others stay.</param>
    public static IEnumerable<long> HalvesApart(long heads, long headSize, long rotated)
    {
        for (long head = 0; head < heads; head++)
        {
            for (long i = 0; i < headSize; i++)
                yield return head * headSize + (i >= rotated ? i : i < rotated / 2 ? 2 * i : 2 * (i - rotated / 2) + 1);
        }
    }
}
