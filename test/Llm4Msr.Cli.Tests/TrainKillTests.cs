using System.Text.Json;
using Llm4Msr.Models;
using Llm4Msr.Testing;

namespace Llm4Msr.Cli.Tests;

/// <summary>Goals D2 and D3: the real program, killed at any moment, goes on and ends with the same bits.</summary>
public sealed class TrainKillTests(SmallRuns small) : IDisposable
{
    private const int Kills = 10, Epochs = 12;

    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory, InlineData("none"), InlineData("llm4msr")]
    public void KilledAgainAndAgainATrainingEndsAsIfItNeverHadBeen(string enhancement)
    {
        CommandRun.Succeeding(Command(_scratch["uninterrupted"], enhancement));
        var run = _scratch["killed"];
        var random = new Random();
        var (killed, furthest) = (0, 0);
        for (var kill = 0; kill < Kills / 2; kill++)
        {
            using var process = CommandRun.Start(Command(run, enhancement));
            if (kill > 0) // the first one anywhere, the making of the folder included
                WaitForCheckpoint(run, furthest + 1, process);
            Thread.Sleep(random.Next(kill == 0 ? 1500 : 100));
            killed += process.HasExited ? 0 : 1;
            process.Kill();
            process.WaitForExit();
            furthest = Math.Max(furthest, NewestCheckpoint(run));
            AssertLogHasNoGap(Path.Combine(run, "training-1", "epochs.jsonl"));
        }
        Assert.Equal(Kills / 2, killed); // none came to its end
        Assert.True(furthest > Kills / 4);

        var end = CommandRun.Apart(Command(run, enhancement));

        Assert.True(end.Code == 0, end.Errors);
        Assert.Contains("goes on after", end.Errors, StringComparison.Ordinal);
        Assert.Equal(ModelFolder.Open(_scratch["uninterrupted"]).WeightsHash(1), ModelFolder.Open(run).WeightsHash(1));
        Assert.Equal(Log(_scratch["uninterrupted"]), Log(run));
        Assert.Equal(["seed-1"], Directory.EnumerateDirectories(run).Select(f => Path.GetFileName(f)!).Except(["features", "knowledge"]));
    }

    private string[] Command(string output, string enhancement) =>
    [
        "train", small.Data, "--out", output, "--embedding", "4", "--hidden", "8,4", "--epochs", $"{Epochs}", "--patience", $"{Epochs}", "--checkpoint-minutes", "0", "--batch-size", "128",
        .. enhancement == "none" ? (string[])[] : ["--enhancement", enhancement, "--knowledge", small.Store, "--components", "3"],
    ];

    /// <summary>Waits until training is further than any process before got, so that each kill meets new ground.</summary>
    private static void WaitForCheckpoint(string run, int steps, System.Diagnostics.Process process)
    {
        while (NewestCheckpoint(run) < steps && !process.HasExited)
            Thread.Sleep(1);
    }

    /// <summary>How far the newest checkpoint is, as one number that grows; 0 without any.</summary>
    private static int NewestCheckpoint(string run)
    {
        var folder = Path.Combine(run, "training-1");
        return !Directory.Exists(folder) ? 0 : Directory.EnumerateDirectories(folder, "after-*-steps")
            .Select(f => Path.GetFileName(f).Split('-')).Select(p => int.Parse(p[1], null) * 1000 + int.Parse(p[3], null)).DefaultIfEmpty().Max();
    }

    /// <summary>Epochs 1, 2, 3, …, of which a killed process may have left the last one in part.</summary>
    private static void AssertLogHasNoGap(string file)
    {
        var text = File.Exists(file) ? File.ReadAllText(file) : "";
        var whole = text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Enumerable.Range(1, whole.Length), whole.Select(Epoch));
    }

    private static int Epoch(string line) => JsonDocument.Parse(line).RootElement.GetProperty("epoch").GetInt32();

    /// <summary>Without how long each epoch took.</summary>
    private static List<string> Log(string run) => [.. File.ReadLines(Path.Combine(run, "seed-1", "epochs.jsonl"))
        .Select(line => string.Join(' ', JsonDocument.Parse(line).RootElement.EnumerateObject().Where(p => p.Name != "seconds").Select(p => p.ToString())))];
}
