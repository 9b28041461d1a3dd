namespace Llm4Msr.Import;

/// <summary>What a generated user was made to like. Topics are rows of the catalogue's topics, ascending.</summary>
/// <param name="Common">Liked in every scenario; at least one.</param>
/// <param name="Distinct">By scenario, what is liked there and nowhere else.</param>
public sealed record PlantedInterests(IReadOnlyList<int> Common, IReadOnlyList<IReadOnlyList<int>> Distinct)
{
    private const double NothingDistinct = 0.25;

    public IReadOnlyList<int> LikedIn(int scenario) => [.. Common.Concat(Distinct[scenario]).Order()];

    /// <summary>For each topic in how many of the scenarios it is liked, as a share: one number per topic.</summary>
    public float[] Vector(int topics) =>
        [.. Enumerable.Range(0, topics).Select(topic => Common.Contains(topic) ? 1f : Distinct.Count(d => d.Contains(topic)) / (float)Distinct.Count)];

    /// <summary>One or two common topics, and in three of four scenarios one that is distinct.</summary>
    internal static PlantedInterests Draw(int topics, int scenarios, Random random)
    {
        int[] order = [.. Enumerable.Range(0, topics)];
        random.Shuffle(order);
        var common = 1 + random.Next(2);
        return new PlantedInterests(
            [.. order.Take(common).Order()],
            [.. order.Skip(common).Take(scenarios).Select(topic => random.NextDouble() < NothingDistinct ? Array.Empty<int>() : [topic])]);
    }
}
