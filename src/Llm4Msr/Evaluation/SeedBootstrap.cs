namespace Llm4Msr.Evaluation;

/// <summary>
/// Draws a run's seeds beside every draw of the users, each time as many as there are, with replacement: what is said of a run
/// is then about training it again too. One seed is always drawn itself.
/// </summary>
/// <remarks>Shapes: S statistics, K seeds, R replicates.</remarks>
internal sealed class SeedBootstrap(EvaluationOptions options)
{
    /// <summary>One for each replicate.</summary>
    private readonly SplitMix[] _random = [.. Enumerable.Range(0, options.Replicates).Select(r => new SplitMix(~options.Seed, r))]; // users' draws have the seed itself

    /// <returns>The places of the seeds drawn, [R][K]; the next call's draws are independent of them.</returns>
    public int[][] Draw(int seeds)
    {
        var drawn = new int[_random.Length][];
        for (var replicate = 0; replicate < drawn.Length; replicate++)
        {
            drawn[replicate] = new int[seeds];
            for (var k = 0; k < seeds; k++)
                drawn[replicate][k] = _random[replicate].Below(seeds);
        }
        return drawn;
    }

    /// <param name="values">Statistics of each seed, which come seed after seed: [K * S][R].</param>
    /// <param name="drawn">[R][K].</param>
    /// <returns>Mean of each statistic over the seeds drawn, [S][R].</returns>
    public static double[][] Means(double[][] values, int[][] drawn)
    {
        var seeds = drawn[0].Length;
        var perSeed = values.Length / seeds;
        var means = Enumerable.Range(0, perSeed).Select(_ => new double[drawn.Length]).ToArray();
        for (var replicate = 0; replicate < drawn.Length; replicate++)
        {
            foreach (var seed in drawn[replicate])
            {
                for (var s = 0; s < perSeed; s++)
                    means[s][replicate] += values[seed * perSeed + s][replicate] / seeds;
            }
        }
        return means;
    }
}
