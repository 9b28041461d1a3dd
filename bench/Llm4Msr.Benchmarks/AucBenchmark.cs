using System.Globalization;
using Llm4Msr.Evaluation;
using Llm4Msr.Platform;

namespace Llm4Msr.Benchmarks;

/// <summary>
/// What does the exact AUC of two million rows cost, and the rest of what evaluation does with them? Baseline: the same
/// AUC after Array.Sort. Both take turns in one process on one thread; figures are processor time.
/// </summary>
internal static class AucBenchmark
{
    private const int Rows = 2_000_000, UsersOfMany = 25_877, WarmUp = 3, Pairs = 15;

    public static void Run()
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
            # AUC and its interval

            `dotnet run -c Release --project bench/Llm4Msr.Benchmarks -- auc`

            {Machine.Current}. {DateTime.UtcNow:yyyy-MM-dd}. One thread; processor time.
            {Pairs} pairs after {WarmUp}, in turns; medians, and of the ratio pair by pair with its quartiles.

            | AUC of {Rows:N0} scores | Array.Sort | radix | ratio | quartiles |
            |---|---|---|---|---|
            """));
        Compare("all different", random => random.NextSingle() * 8 - 4);
        Compare("a hundred values", random => random.Next(100) / 25f - 2);

        Console.WriteLine($"""

            | what | rows | users | scenarios | seeds | replicates | time |
            |---|---|---|---|---|---|---|
            """);
        foreach (var (rows, users, replicates) in new[] { (10_000, 943, 1000), (Rows, UsersOfMany, 1000) })
        {
            var run = Enumerable.Range(1, 3).ToDictionary(seed => seed, seed => Scored(rows, users, seed));
            var options = new EvaluationOptions { Threads = 1, Replicates = replicates };
            Once("metrics of all scenarios", rows, users, 1, null, () => Metrics.Of(run[1], options));
            Once("intervals", rows, users, 1, replicates, () => MetricsIntervals.Of([run[1]], options));
            Once("comparison of two runs", rows, users, 3, replicates, () => Comparison.Of(run, run, options));
        }
    }

    private static void Compare(string what, Func<Random, float> score)
    {
        var random = new Random(1);
        float[] scores = [.. Enumerable.Range(0, Rows).Select(_ => score(random))];
        float[] labels = [.. scores.Select(s => random.NextDouble() < 1 / (1 + Math.Exp(-s)) ? 1f : 0f)];
        List<(double Sort, double Radix)> pairs = [];
        for (var k = 0; k < WarmUp + Pairs; k++)
        {
            double? a = null, b = null;
            var pair = (Milliseconds(() => a = AfterArraySort(scores, labels)), Milliseconds(() => b = Auc.Of(scores, labels)));
            if (a != b)
                throw new InvalidOperationException($"The two disagree: {a} and {b}.");
            if (k >= WarmUp)
                pairs.Add(pair);
        }
        double[] ratios = [.. pairs.Select(p => p.Sort / p.Radix).Order()];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {what} | {Median(pairs.Select(p => p.Sort)):F0} ms | {Median(pairs.Select(p => p.Radix)):F0} ms | {ratios[Pairs / 2]:F1} | {ratios[Pairs / 4]:F1} to {ratios[Pairs * 3 / 4]:F1} |"));
    }

    private static void Once(string what, int rows, int users, int seeds, int? replicates, Action work)
    {
        if (rows < Rows)
            work(); // compiled; with many rows that is nothing beside the work
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {what} | {rows:N0} | {users:N0} | 3 | {seeds} | {(replicates is { } r ? $"{r:N0}" : "")} | {Milliseconds(work) / 1000:F3} s |"));
    }

    private static ScoredRows Scored(int rows, int users, int seed)
    {
        var (truth, model) = (new Random(1), new Random(seed));
        var scored = new ScoredRows(["first", "second", "third"], new int[rows], new int[rows], new float[rows], new float[rows]);
        for (var row = 0; row < rows; row++)
        {
            var logit = truth.NextSingle() * 6 - 4;
            scored.Scenario[row] = truth.Next(3);
            scored.User[row] = truth.Next(users);
            scored.Clicked[row] = truth.NextSingle() < 1 / (1 + MathF.Exp(-logit)) ? 1 : 0;
            scored.Logits[row] = logit + model.NextSingle();
        }
        return scored;
    }

    /// <summary>The same count of pairs over rows that the library of the platform has sorted.</summary>
    private static double? AfterArraySort(float[] scores, float[] labels)
    {
        var (sorted, sortedLabels) = (scores.ToArray(), labels.ToArray());
        Array.Sort(sorted, sortedLabels);
        long clicked = 0, unclicked = 0;
        double ordered = 0;
        for (int start = 0, end = 0; start < sorted.Length; start = end)
        {
            long clickedHere = 0, unclickedHere = 0;
            for (; end < sorted.Length && sorted[end] == sorted[start]; end++)
            {
                if (sortedLabels[end] > 0)
                    clickedHere++;
                else
                    unclickedHere++;
            }
            ordered += clickedHere * (unclicked + unclickedHere / 2.0);
            clicked += clickedHere;
            unclicked += unclickedHere;
        }
        return clicked == 0 || unclicked == 0 ? null : ordered / ((double)clicked * unclicked);
    }

    private static double Milliseconds(Action work)
    {
        var before = Environment.CpuUsage.TotalTime;
        work();
        return (Environment.CpuUsage.TotalTime - before).TotalMilliseconds;
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[sorted.Length / 2] + sorted[(sorted.Length - 1) / 2]) / 2;
    }
}
