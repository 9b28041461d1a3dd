using Llm4Msr.Platform;

namespace Llm4Msr.Import.Generator;

/// <summary>What a number is drawn for: each purpose has random numbers of its own, so that one more draw here changes none there.</summary>
internal enum Purpose
{
    SharedInterest,
    OwnInterest,
    SharedTaste,
    OwnTaste,
    Topics,
    Words,
    Appeal,
    Cold,
    Activity,
    OwnActivity,
    UserFeatures,
    ItemFeatures,
    ItemIds,
    ItemRanks,
    Slots,
    FurtherItems,
    Sessions,
    Times,
    Clicks,
    Reactions,
    Follows,
}

/// <summary>
/// Random numbers that are looked up and not drawn in turn: number <c>index</c> of a purpose depends on the seed, the purpose
/// and the index alone (the mixing of Steele et al. 2014). Whoever asks, in whatever order, gets the same.
/// </summary>
internal readonly struct Draws(int seed, Purpose purpose, int part = 0)
{
    private readonly ulong _key = SplitMixing.Mixed(SplitMixing.Mixed((ulong)(uint)seed * SplitMixing.Step + (ulong)purpose + 1) + (ulong)(uint)part * SplitMixing.Step + 1);

    public ulong Bits(long index) => SplitMixing.Mixed(_key + ((ulong)index + 1) * SplitMixing.Step);

    /// <summary>From 0 to below 1.</summary>
    public double Uniform(long index) => (Bits(index) >> 11) * (1.0 / (1L << 53));

    /// <summary>From 0 to one less than <paramref name="count"/>.</summary>
    public int Below(int count, long index) => SplitMixing.Below(count, Bits(index));

    /// <summary>Mean 0, deviation 1.</summary>
    public double Normal(long index)
    {
        var bits = Bits(index);
        return Math.Sqrt(-2 * Math.Log(((bits >> 32) + 1) / 4294967296.0)) * Math.Cos(2 * Math.PI * ((uint)bits / 4294967296.0));
    }
}
