namespace Llm4Msr.Evaluation;

/// <summary>
/// A generator whose whole state is one number (Steele et al. 2014), so that draw <c>k</c> of a seed can start anywhere, on any thread.
/// </summary>
internal struct SplitMix(ulong seed, int draw)
{
    private ulong _state = Mixed(seed ^ Mixed((ulong)draw + 1));

    /// <summary>From 0 to one less than <paramref name="count"/>.</summary>
    public int Below(int count) => (int)((Next() >> 32) * (ulong)count >> 32);

    private ulong Next() => Mixed(_state += 0x9E37_79B9_7F4A_7C15);

    private static ulong Mixed(ulong z)
    {
        z = (z ^ z >> 30) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ z >> 27) * 0x94D0_49BB_1331_11EB;
        return z ^ z >> 31;
    }
}
