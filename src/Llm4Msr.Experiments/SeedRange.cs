namespace Llm4Msr.Experiments;

/// <summary>Seeds that follow each other without a gap, as one <c>train</c> counts them.</summary>
public sealed record SeedRange(int First, int Count)
{
    /// <summary>The fewest ranges that hold these seeds and no other, in their order.</summary>
    public static IReadOnlyList<SeedRange> Of(IEnumerable<int> seeds) =>
        [.. seeds.Distinct().Order().Select((seed, place) => (Seed: seed, Range: seed - place)).GroupBy(s => s.Range).Select(range => new SeedRange(range.First().Seed, range.Count()))];
}
