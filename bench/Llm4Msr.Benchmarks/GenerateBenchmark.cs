using System.Diagnostics;
using System.Globalization;
using Llm4Msr.Data;
using Llm4Msr.Import.Generator;
using Llm4Msr.Platform;

namespace Llm4Msr.Benchmarks;

/// <summary>How long does it take to generate files of KuaiSAR-small's size, and with how much memory? Four times as many users beside it.</summary>
internal static class GenerateBenchmark
{
    public static void Run(string folder)
    {
        Console.WriteLine($"""
            # Generated data

            `dotnet run -c Release --project bench/Llm4Msr.Benchmarks -- generate --folder FOLDER`

            {Machine.Current}. {DateTime.UtcNow:yyyy-MM-dd}. One thread. Peak: resident memory of the process, which only grows from row to row.

            | users | rows | items | written | rows made | processor time | wall clock | peak |
            |---|---|---|---|---|---|---|---|
            """);
        var full = GeneratorScales.Options(GeneratorScale.KuaisarSmall);
        foreach (var users in new[] { full.Users / 10, full.Users, full.Users * 4 })
            Measure(full.WithUsers(users), Path.Combine(folder, $"generated-{users}"));
    }

    private static void Measure(GeneratorOptions options, string folder)
    {
        Directory.CreateDirectory(folder);
        try
        {
            var (clock, before, made) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime, TimeSpan.Zero);
            DataGenerator.Write(folder, options, GeneratedFormat.Kuaisar, new SplitOptions(), (_, what) =>
            {
                if (made == TimeSpan.Zero && what.EndsWith(".csv", StringComparison.Ordinal))
                    made = clock.Elapsed;
            });
            var bytes = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Sum(f => new FileInfo(f).Length);
            using var process = Process.GetCurrentProcess();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {options.Users:N0} | {options.Scenarios.Sum(s => s.Interactions):N0} | {options.Scenarios.Sum(s => s.Items) - options.SharedItems:N0} | {bytes / 1e6:N0} MB | {made.TotalSeconds:F1} s "
                + $"| {(Environment.CpuUsage.TotalTime - before).TotalSeconds:F1} s | {clock.Elapsed.TotalSeconds:F1} s | {process.PeakWorkingSet64 / (1 << 20):N0} MiB |"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
