namespace Llm4Msr.Evaluation;

/// <summary>
/// Rows in ascending order of their score, which is what every metric of ranking starts from. A row is one word: the score
/// in its high half, (user, label) in its low half. Sorted by radix, three passes of eleven bits (performance guide, section 2.3).
/// </summary>
internal readonly struct ScoreOrder
{
    private const int DigitBits = 11, Digits = 1 << DigitBits;
    private const uint Sign = 0x8000_0000;

    private readonly ulong[] _words;

    private ScoreOrder(ulong[] words) => _words = words;

    /// <summary>One word per row, lowest score first.</summary>
    public ReadOnlySpan<ulong> Words => _words;

    /// <param name="scores">Finite.</param>
    /// <param name="labels">0 or 1.</param>
    /// <param name="users">Row by row, 0 to 2^30; empty where nobody asks.</param>
    public static ScoreOrder Of(ReadOnlySpan<float> scores, ReadOnlySpan<float> labels, ReadOnlySpan<int> users = default)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(labels.Length, scores.Length);
        if (!users.IsEmpty)
            ArgumentOutOfRangeException.ThrowIfNotEqual(users.Length, scores.Length);
        var words = GC.AllocateUninitializedArray<ulong>(scores.Length);
        for (var row = 0; row < words.Length; row++)
        {
            if (float.IsNaN(scores[row]))
                throw new ArgumentException("A score is not a number.", nameof(scores));
            var user = users.IsEmpty ? 0 : (uint)users[row];
            words[row] = (ulong)Ordered(scores[row]) << 32 | user << 1 | (labels[row] > 0 ? 1u : 0);
        }
        return new ScoreOrder(Sorted(words));
    }

    /// <summary>Equal for equal scores, and higher for higher ones.</summary>
    public static uint Rank(ulong word) => (uint)(word >> 32);

    public static float Score(ulong word)
    {
        var rank = Rank(word);
        return BitConverter.UInt32BitsToSingle((rank & Sign) != 0 ? rank ^ Sign : ~rank);
    }

    public static int User(ulong word) => (int)((uint)word >> 1);

    public static bool Clicked(ulong word) => (word & 1) != 0;

    /// <summary>The bits of a number such that whole numbers order them as the numbers are ordered; both zeros are one.</summary>
    private static uint Ordered(float score)
    {
        var bits = BitConverter.SingleToUInt32Bits(score + 0f);
        return bits ^ ((uint)((int)bits >> 31) | Sign);
    }

    private static ulong[] Sorted(ulong[] words)
    {
        var other = GC.AllocateUninitializedArray<ulong>(words.Length);
        Span<int> next = stackalloc int[Digits];
        for (var shift = 32; shift < 64; shift += DigitBits)
        {
            next.Clear();
            foreach (var word in words)
                next[Digit(word, shift)]++;
            var start = 0;
            foreach (ref var place in next)
                (place, start) = (start, start + place);
            foreach (var word in words)
                other[next[Digit(word, shift)]++] = word;
            (words, other) = (other, words);
        }
        return words;
    }

    private static int Digit(ulong word, int shift) => (int)(word >> shift) & (Digits - 1);
}
