using System.Diagnostics;
using System.Globalization;
using Llm4Msr.Data;
using Llm4Msr.Import;
using Llm4Msr.Import.Engine;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning;
using Llm4Msr.Reasoning.Prompts;
using TorchSharp;

namespace Llm4Msr.Benchmarks;

/// <summary>
/// How fast are logs of KuaiSAR's size prepared, loaded and read in batches? Baseline of preparing: what DuckDB alone needs
/// to read the same files once. Preparing runs in a process of its own, so that its memory can be told.
/// </summary>
internal static class DataBenchmark
{
    private const int BatchRows = 4096, WarmUp = 100, Batches = 1500, History = 55;

    public static void Run(string logs)
    {
        var scratch = Directory.CreateTempSubdirectory("llm4msr-data-").FullName;
        try
        {
            var scan = Timed(() => Scan(logs, scratch));
            var (prepared, output) = (Stopwatch.StartNew(), Path.Combine(scratch, "data"));
            using var child = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["data-prepare", logs, output]) { RedirectStandardOutput = true })!;
            var said = child.StandardOutput.ReadToEnd().Trim();
            child.WaitForExit();
            prepared.Stop();
            if (child.ExitCode != 0)
                throw new Llm4MsrException(FaultKind.CheckFailed, $"Preparing ended with exit code {child.ExitCode}.");
            var numbers = said.Split(' ');

            InteractionDataset? data = null;
            var load = Timed(() => data = InteractionDataset.Open(output));
            var rows = data!.Interactions.Count;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
                # Data

                `dotnet run -c Release --project bench/Llm4Msr.Benchmarks -- data --logs FOLDER`

                {Machine.Current}. {DateTime.UtcNow:yyyy-MM-dd}.
                Data: {rows:N0} interactions, {data.Encoder.Users.Count:N0} users, {data.Encoder.Items.Count:N0} items, files of {Size(logs):N0} MiB. Wall time; processor time of all threads beside it.

                | what | time | processor time | |
                |---|---|---|---|
                | DuckDB reads the files once | {scan.Wall:F1} s | {scan.Processor:F1} s | baseline |
                | prepare | {prepared.Elapsed.TotalSeconds:F1} s | {double.Parse(numbers[0], CultureInfo.InvariantCulture):F1} s | at most {numbers[1]} MiB resident |
                | load | {load.Wall:F1} s | {load.Processor:F1} s | every file checked against its hash |
                | {Batches} batches of {BatchRows} after {WarmUp}, shuffled, one thread | | | {BatchesPerSecond(data) / 1e6:F1} million rows per processor second |
                """));
            var prompts = 0;
            var ask = Timed(() => prompts = Prompts(data));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {prompts:N0} prompts, {History} items per scenario | {ask.Wall:F1} s | {ask.Processor:F1} s | |"));
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    /// <summary>The child: prepares, and says its processor seconds and the most MiB it held.</summary>
    public static void Prepare(string logs, string output)
    {
        var spill = Directory.CreateDirectory(output + ".spill").FullName;
        DurableFile.WriteFolder(output, folder =>
            new ImportJob(KuaiSar.Configuration(), logs, folder, spill, output + ".rejected.csv", ImportJob.DefaultMemory, Environment.ProcessorCount).Run());
        Directory.Delete(spill, recursive: true);
        using var self = Process.GetCurrentProcess();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{self.TotalProcessorTime.TotalSeconds} {self.PeakWorkingSet64 >> 20}"));
    }

    /// <summary>The batches alone, of a folder that is prepared: million rows per processor second.</summary>
    public static void ReadBatches(string data) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{BatchesPerSecond(InteractionDataset.Open(data)) / 1e6:F2}"));

    private static void Scan(string logs, string scratch)
    {
        var folder = Directory.CreateDirectory(Path.Combine(scratch, "scan")).FullName;
        string[] files = [.. Directory.GetFiles(logs, "*.csv").Where(f => Path.GetFileName(f) != "social_network.csv")];
        using var database = new DuckDb(new DuckDbLimits(ImportJob.DefaultMemory, Environment.ProcessorCount, folder, files));
        foreach (var file in files)
            database.Number("SELECT max(length(COLUMNS(*)::VARCHAR)) FROM read_csv($1, all_varchar = true)", file);
    }

    private static double BatchesPerSecond(InteractionDataset data)
    {
        torch.set_num_threads(1);
        var ranks = data.RanksOf(Part.Training);
        new Random(1).Shuffle(ranks);
        long rows = 0;
        var before = TimeSpan.Zero;
        for (var batch = -WarmUp; batch < Batches; batch++)
        {
            if (batch == 0)
                (rows, before) = (0, Environment.CpuUsage.TotalTime);
            using var scope = torch.NewDisposeScope();
            var first = (int)((long)(batch + WarmUp) * BatchRows % (ranks.Length - BatchRows));
            data.Encoder.Encode(data.Rows(ranks.AsSpan(first, BatchRows)));
            rows += BatchRows;
        }
        return rows / (Environment.CpuUsage.TotalTime - before).TotalSeconds;
    }

    private static int Prompts(InteractionDataset data)
    {
        var builder = new PromptBuilder(data, PromptTemplate.BuiltIn);
        var timeline = new UserTimeline(data.Interactions.User, data.Encoder.Users.Count);
        var prompts = 0;
        for (var user = 0; user < data.Encoder.Users.Count; user++)
        {
            var rank = SnapshotPlan.RanksFor(data, timeline, KnowledgeProtocol.TrainPart, user);
            if (rank.Count > 0 && UserHistory.Of(data.Interactions, timeline, user, rank[0], data.Description.Scenarios.Count, History) is { Liked.Count: > 0 } history)
                prompts += builder.ForUser(history).Text.Length > 0 ? 1 : 0;
        }
        return prompts;
    }

    private static long Size(string logs) => Directory.GetFiles(logs, "*.csv").Sum(f => new FileInfo(f).Length) >> 20;

    private static (double Wall, double Processor) Timed(Action work)
    {
        var (clock, before) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
        work();
        return (clock.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - before).TotalSeconds);
    }
}
