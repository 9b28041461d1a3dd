using System.Diagnostics;
using System.Globalization;
using Llm4Msr.Language;
using Llm4Msr.Language.Files;
using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.Benchmarks;

/// <summary>
/// How many users per hour does a local language model read and answer for, and how far is that from what the processor
/// could do? The baseline of every figure is the rate of plain fp32 matrix products in the same process.
/// </summary>
/// <remarks>
/// Each way of using the processor is a process of its own, because torch settles its threads once. All its workers do
/// the same work at the same time; a rate is what they did together, divided by the time of the slowest.
/// Prefill includes one generated token; decode is the difference between 48 new tokens and 1.
/// </remarks>
internal static class ReasoningBenchmark
{
    private const int NewTokens = 48;
    private const int UserPromptTokens = 512;
    private const int UsersPerWorker = 16;

    private static readonly (int Workers, int Threads)[] s_setups = [(1, 1), (1, 2), (2, 1)];

    public static void Run(string model)
    {
        Console.WriteLine($"""
            # Reasoning

            `dotnet run -c Release --project bench/Llm4Msr.Benchmarks -- reasoning --model {Path.GetFileName(model)}`

            {Machine.Current}. Processor features: {string.Join(", ", Machine.Current.ProcessorFeatures)}. {DateTime.UtcNow:yyyy-MM-dd}.
            Prompts of random tokens; prefill includes one generated token; decode: {NewTokens} new tokens after prompts of 128.
            Users per hour: {UsersPerWorker} prompts of {UserPromptTokens} tokens per worker, {NewTokens} new tokens each, in one batch.

            | workers x torch threads | fp32 matrix products | prefill at 128 | 512 | 1000 | decode, batch 1 | 8 | 32 | users per hour | share of matrix rate (prefill 512) | load time | peak memory |
            |---|---|---|---|---|---|---|---|---|---|---|---|
            """);
        foreach (var (workers, threads) in s_setups)
        {
            if (workers * threads > Environment.ProcessorCount)
                continue;
            using var process = Process.Start(Environment.ProcessPath!, ["reasoning-setup", model,
                workers.ToString(CultureInfo.InvariantCulture), threads.ToString(CultureInfo.InvariantCulture)]);
            process.WaitForExit();
        }
    }

    /// <summary>Prints one row of the table.</summary>
    public static void RunSetup(string path, int workers, int threads)
    {
        torch.set_num_threads(threads);
        var clock = Stopwatch.StartNew();
        using var model = LanguageModel.Load(path);
        var load = clock.Elapsed;
        var gemm = MatrixRate(workers, threads);
        double[] prefill = [Prefill(128), Prefill(512), Prefill(1000)];
        double[] decode = [Decode(1), Decode(8), Decode(32)];
        var user = Seconds(workers, threads, () => Generate(model, UsersPerWorker, UserPromptTokens, NewTokens));
        var usersPerHour = UsersPerWorker * workers / user * 3600;
        var flopPerToken = FlopPerPromptToken(path);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {workers} x {threads} | {gemm / 1e9:F0} GFLOP/s | {prefill[0]:F0} tokens/s | {prefill[1]:F0} | {prefill[2]:F0} "
            + $"| {decode[0]:F0} tokens/s | {decode[1]:F0} | {decode[2]:F0} | {usersPerHour:F0} | {prefill[1] * flopPerToken / gemm:P0} "
            + $"| {load.TotalSeconds:F1} s | {PeakMemory() / 1e9:F1} GB |"));

        double Prefill(int length)
        {
            var rows = Math.Max(1, 1024 / length);
            return workers * rows * length / Seconds(workers, threads, () => Generate(model, rows, length, newTokens: 1));
        }

        double Decode(int rows)
        {
            var one = Seconds(workers, threads, () => Generate(model, rows, 128, 1));
            var all = Seconds(workers, threads, () => Generate(model, rows, 128, NewTokens));
            return workers * rows * (NewTokens - 1) / (all - one);
        }
    }

    private static void Generate(LanguageModel model, int rows, int length, int newTokens)
    {
        var random = new Random(0); // any ids do that no answer ends early after: the work depends on their number only
        int[][] prompts = [.. Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, length).Select(_ => random.Next(100, 40_000)).ToArray())];
        var answers = model.Generate(prompts, new GenerationOptions(newTokens));
        if (answers.Any(a => a.GeneratedIds.Count != newTokens))
            throw new InvalidOperationException("A prompt ended early; the rate would count tokens that were never generated.");
    }

    /// <summary>Floating-point operations per second of products like the decoder's largest, weights not in the nearest cache.</summary>
    private static double MatrixRate(int workers, int threads)
    {
        const int Rows = 1024, Inner = 1536, Columns = 1536, Products = 20;
        var seconds = Seconds(workers, threads, () =>
        {
            using var scope = torch.NewDisposeScope();
            var x = torch.rand(Rows, Inner);
            var w = torch.rand(Inner, Columns);
            for (var i = 0; i < Products; i++)
                x.mm(w).Dispose();
        });
        return workers * 2.0 * Rows * Inner * Columns * Products / seconds;
    }

    /// <summary>What the decoder's matrices cost per token of a prompt; attention and all that is not a matrix product comes on top.</summary>
    private static double FlopPerPromptToken(string path)
    {
        using var files = ModelFiles.Open(path);
        var config = files.Config;
        double hidden = config.HiddenSize;
        return 2 * config.Layers * hidden * ((2.0 * config.Heads + 2 * config.KeyValueHeads) * config.HeadSize + 3.0 * config.FeedForwardSize);
    }

    private static long PeakMemory()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }

    /// <summary>Best of two, all workers at once.</summary>
    private static double Seconds(int workers, int threads, Action work)
    {
        var best = double.MaxValue;
        for (var repetition = 0; repetition < 2; repetition++)
        {
            var clock = Stopwatch.StartNew();
            var all = Enumerable.Range(0, workers).Select(_ => new Thread(() =>
            {
                torch.set_num_threads(threads);
                work();
            })).ToList();
            all.ForEach(t => t.Start());
            all.ForEach(t => t.Join());
            best = Math.Min(best, clock.Elapsed.TotalSeconds);
        }
        return best;
    }
}
