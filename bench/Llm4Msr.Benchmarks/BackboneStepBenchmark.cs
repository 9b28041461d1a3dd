using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Llm4Msr.Data;
using Llm4Msr.Models;
using Llm4Msr.Models.Layers;
using Llm4Msr.Platform;
using Llm4Msr.Training;
using TorchSharp;

namespace Llm4Msr.Benchmarks;

/// <summary>
/// How far is a backbone's training step from what the processor can do? Baseline: multiplications and additions from
/// registers alone, and torch's product of large matrices. All three take turns in one process on one thread, so that
/// whatever else the machine does meets all; figures are processor time.
/// </summary>
/// <remarks>The item table is so large that it is trained lazily; the others are trained densely (performance guide, section 4.4).</remarks>
internal static class BackboneStepBenchmark
{
    private const int WarmUp = 10, Rounds = 60, BatchSize = 4096, Scenarios = 2, Batches = 16;

    // 10 fields: 4 million items, as many users as KuaiSAR-small has, and the rest of 200 thousand rows.
    private static readonly int[] s_rows = [4_000_000, 25_877, 100_000, 50_000, 20_000, 4_000, 100, 20, 2, 2];

    public static void Run()
    {
        Libtorch.Require();
        torch.set_num_threads(1);
        var schema = new FeatureSchema([.. s_rows.Select((rows, f) => new FeatureField(FormattableString.Invariant($"field-{f}"), FieldOwner.Item, false, rows))]);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
            # Backbone step

            `dotnet run -c Release --project bench/Llm4Msr.Benchmarks -- backbone-step`

            {Machine.Current}. Processor features: {string.Join(", ", Machine.Current.ProcessorFeatures)}. {DateTime.UtcNow:yyyy-MM-dd}. Program {ProgramVersion.Current}. Threads: 1.
            Batch {BatchSize}, {s_rows.Length} fields x 16, hidden 256, 128, 64, {Scenarios} scenarios, no knowledge. Rows of the tables: {string.Join(", ", s_rows)}; those over {FeatureEmbedding.LargestDense} are trained lazily.
            Look-ups are uniform, so that nearly every one is another row: the worst case of the large table.
            A step is everything from row indices to new weights. Its operations are those of the matrix products alone, forward and backward.
            {Rounds} rounds after {WarmUp}; medians of processor time with quartiles. The machine does other work meanwhile.

            | backbone | step | quartiles | operations | rate | peak from registers | product of 2048 x 2048 | share of peak | share of the product's rate |
            |---|---|---|---|---|---|---|---|---|
            """));
        foreach (var backbone in new[] { BackboneKind.Star, BackboneKind.SharedBottom })
            Measure(schema, new ModelOptions { Backbone = backbone, HiddenWidths = [256, 128, 64] });
    }

    private static void Measure(FeatureSchema schema, ModelOptions options)
    {
        using var scope = torch.NewDisposeScope();
        using var model = new ClickModel(schema, Scenarios, options, null, seed: 1);
        using var step = new BatchStep(model, new TrainingOptions());
        model.train();
        var rows = Enumerable.Range(0, Batches).Select(RowsOf).ToList();
        var (one, other) = (torch.rand(2048, 2048), torch.rand(2048, 2048));
        var operations = 6.0 * BatchSize * Multiplications(schema.Fields.Count * options.EmbeddingSize, options);

        List<double> steps = [], peaks = [], products = [];
        for (var round = 0; round < WarmUp + Rounds; round++)
        {
            var seconds = Seconds(() => Train(step, rows[round % Batches]));
            var (peak, product) = (PeakRate(), 2 * Math.Pow(2048, 3) / Seconds(() => one.mm(other).Dispose()));
            if (round < WarmUp)
                continue;
            steps.Add(seconds);
            peaks.Add(peak);
            products.Add(product);
        }
        steps.Sort();
        var (rate, best, mm) = (operations / Median(steps), Median([.. peaks.Order()]), Median([.. products.Order()]));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {options.Backbone} | {Median(steps) * 1e3:F1} ms | {steps[Rounds / 4] * 1e3:F1} to {steps[Rounds * 3 / 4] * 1e3:F1} ms | {operations / 1e9:F2} G "
            + $"| {rate / 1e9:F0} GFLOP/s | {best / 1e9:F0} GFLOP/s | {mm / 1e9:F0} GFLOP/s | {rate / best:P0} | {rate / mm:P0} |"));
    }

    private sealed record Rows(int[] Scenario, long[][] Fields, float[] Clicked);

    private static Rows RowsOf(int batch)
    {
        var random = new Random(batch);
        return new Rows(
            [.. Enumerable.Range(0, BatchSize).Select(_ => random.NextDouble() < 0.71 ? 0 : 1)],
            [.. s_rows.Select(rows => Enumerable.Range(0, BatchSize).Select(_ => random.NextInt64(rows)).ToArray())],
            [.. Enumerable.Range(0, BatchSize).Select(_ => random.Next(3) == 0 ? 1f : 0)]);
    }

    private static void Train(BatchStep step, Rows rows)
    {
        using var scope = torch.NewDisposeScope();
        var fields = rows.Fields.Select(f => new FieldValues(torch.tensor(f), null)).ToList();
        step.Run(new CtrBatch(new ScenarioGroups(rows.Scenario, Scenarios), fields, torch.tensor(rows.Clicked)), null, "a batch");
    }

    /// <summary>Per row, in the products of the forward pass; the backward pass has two products for each.</summary>
    private static double Multiplications(int inputs, ModelOptions options)
    {
        int[] widths = [inputs, .. options.HiddenWidths, 1];
        double network = widths.Zip(widths.Skip(1), (i, o) => (double)i * o).Sum();
        return options.Backbone == BackboneKind.Star
            ? network + (options.ScenarioEmbeddingSize + inputs + 1.0) * options.HiddenWidths[^1] // the auxiliary network
            : network;
    }

    /// <summary>Fused multiplications and additions per second, twice counted as usual; more chains than the latency of one.</summary>
    private static double PeakRate()
    {
        const int Turns = 500_000, Chains = 12;
        var sum = 0f;
        var seconds = Seconds(() => sum = Chain12(Turns));
        GC.KeepAlive(sum); // or the compiler leaves the loop out
        return 2.0 * Vector512<float>.Count * Chains * Turns / seconds;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Chain12(int turns)
    {
        var (factor, term) = (Vector512.Create(0.999f), Vector512.Create(0.001f));
        Vector512<float> a = term, b = term, c = term, d = term, e = term, f = term, g = term, h = term, i = term, j = term, k = term, l = term;
        for (var turn = 0; turn < turns; turn++)
        {
            a = Vector512.FusedMultiplyAdd(a, factor, term);
            b = Vector512.FusedMultiplyAdd(b, factor, term);
            c = Vector512.FusedMultiplyAdd(c, factor, term);
            d = Vector512.FusedMultiplyAdd(d, factor, term);
            e = Vector512.FusedMultiplyAdd(e, factor, term);
            f = Vector512.FusedMultiplyAdd(f, factor, term);
            g = Vector512.FusedMultiplyAdd(g, factor, term);
            h = Vector512.FusedMultiplyAdd(h, factor, term);
            i = Vector512.FusedMultiplyAdd(i, factor, term);
            j = Vector512.FusedMultiplyAdd(j, factor, term);
            k = Vector512.FusedMultiplyAdd(k, factor, term);
            l = Vector512.FusedMultiplyAdd(l, factor, term);
        }
        return (a + b + c + d + e + f + g + h + i + j + k + l)[0];
    }

    private static double Seconds(Action work)
    {
        var before = Environment.CpuUsage.TotalTime;
        work();
        return (Environment.CpuUsage.TotalTime - before).TotalSeconds;
    }

    private static double Median(List<double> sorted) => (sorted[sorted.Count / 2] + sorted[(sorted.Count - 1) / 2]) / 2;
}
