using System.Runtime.Intrinsics;

namespace Llm4Msr.Evaluation;

/// <summary>A figure under eight draws of the users at once.</summary>
/// <param name="weights">How often each user is drawn, [U, 8]: user after user, draw beside draw.</param>
/// <returns>The figure in each draw; not a number where it is undefined.</returns>
internal delegate Vector512<double> UserStatistic(ReadOnlySpan<double> weights);

/// <summary>
/// Draws the users again and again, each time as many as there are, with replacement, and takes every figure under the same
/// draws: rows of one user are not independent, so users are drawn and not rows.
/// </summary>
/// <remarks>Shapes: U users, R replicates.</remarks>
internal static class UserBootstrap
{
    /// <summary>Draws that are worked on side by side.</summary>
    public const int Lanes = 8;

    /// <summary>Numbers the users of the rows from 0, by ascending user.</summary>
    public static (int[] Users, int Count) Numbered(int[] userOfRow)
    {
        int[] present = [.. userOfRow.Distinct().Order()];
        var number = new int[present.Length == 0 ? 0 : present[^1] + 1];
        for (var k = 0; k < present.Length; k++)
            number[present[k]] = k;
        return (Array.ConvertAll(userOfRow, user => number[user]), present.Length);
    }

    /// <param name="users">U.</param>
    /// <returns>For each statistic its R values; the same for any number of threads.</returns>
    public static double[][] Replicate(int users, IReadOnlyList<UserStatistic> statistics, EvaluationOptions options, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Replicates, 1, nameof(options));
        var values = statistics.Select(_ => new double[options.Replicates]).ToArray();
        var blocks = (options.Replicates + Lanes - 1) / Lanes;
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Threads, CancellationToken = cancellation };
        Parallel.For(0, blocks, parallel, () => new double[users * Lanes], (block, _, weights) =>
        {
            Draw(weights, users, options.Seed, block * Lanes);
            for (var s = 0; s < values.Length; s++)
            {
                var drawn = statistics[s](weights);
                for (var lane = 0; lane < Math.Min(Lanes, options.Replicates - block * Lanes); lane++)
                    values[s][block * Lanes + lane] = drawn[lane];
            }
            return weights;
        }, _ => { });
        return values;
    }

    private static void Draw(double[] weights, int users, ulong seed, int firstDraw)
    {
        Array.Clear(weights);
        for (var lane = 0; lane < Lanes; lane++)
        {
            var random = new SplitMix(seed, firstDraw + lane);
            for (var k = 0; k < users; k++)
                weights[random.Below(users) * Lanes + lane]++;
        }
    }
}
