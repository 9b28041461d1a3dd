using Llm4Msr.Evaluation;

namespace Llm4Msr.Tests.Evaluation;

public sealed class SeedBootstrapTests
{
    private static readonly EvaluationOptions s_options = new() { Replicates = 3000 };

    [Fact]
    public void DrawsAreAsManySeedsAsThereAreAndFairToAll()
    {
        var drawn = new SeedBootstrap(s_options).Draw(4);

        Assert.Equal(3000, drawn.Length);
        Assert.All(drawn, seeds => Assert.Equal(4, seeds.Length));
        Assert.All(drawn.SelectMany(seeds => seeds).CountBy(seed => seed), seed => Assert.InRange(seed.Value, 2800, 3200));
        Assert.InRange(drawn.Count(seeds => seeds.Distinct().Count() == 4) / 3000.0, 0.07, 0.12); // 4! / 4^4
    }

    [Fact]
    public void TheSameOptionsDrawTheSameAndASecondRunIsDrawnApart()
    {
        var seeds = new SeedBootstrap(s_options);
        var (first, second) = (seeds.Draw(3), seeds.Draw(3));

        Assert.Equal(new SeedBootstrap(s_options).Draw(3), first);
        Assert.InRange(first.Zip(second).Sum(p => p.First.Zip(p.Second).Count(k => k.First == k.Second)) / 9000.0, 0.31, 0.36);
    }

    [Fact]
    public void AMeanIsOverTheSeedsDrawn()
    {
        double[][] ofTwoSeedsAndThreeStatistics = [[1, 2], [3, 4], [5, 6], [10, 20], [30, 40], [50, 60]];

        Assert.Equal([[1, 11], [3, 22], [5, 33]], SeedBootstrap.Means(ofTwoSeedsAndThreeStatistics, [[0, 0], [1, 0]]));
    }
}
