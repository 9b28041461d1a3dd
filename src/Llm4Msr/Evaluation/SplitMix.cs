using Llm4Msr.Platform;

namespace Llm4Msr.Evaluation;

/// <summary>
/// A generator whose whole state is one number (Steele et al. 2014), so that draw <c>k</c> of a seed can start anywhere, on any thread.
/// </summary>
internal struct SplitMix(ulong seed, int draw)
{
    private ulong _state = SplitMixing.Mixed(seed ^ SplitMixing.Mixed((ulong)draw + 1));

    /// <summary>From 0 to one less than <paramref name="count"/>.</summary>
    public int Below(int count) => SplitMixing.Below(count, SplitMixing.Mixed(_state += SplitMixing.Step));
}
