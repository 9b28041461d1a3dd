namespace Llm4Msr.Platform;

/// <summary>The step and the mixing of SplitMix (Steele et al. 2014): numbers that look random, each from its place alone.</summary>
public static class SplitMixing
{
    /// <summary>From the state of one number to that of the next.</summary>
    public const ulong Step = 0x9E37_79B9_7F4A_7C15;

    public static ulong Mixed(ulong z)
    {
        z = (z ^ z >> 30) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ z >> 27) * 0x94D0_49BB_1331_11EB;
        return z ^ z >> 31;
    }

    /// <summary>From 0 to one less than <paramref name="count"/>.</summary>
    public static int Below(int count, ulong mixed) => (int)((mixed >> 32) * (ulong)count >> 32);
}
