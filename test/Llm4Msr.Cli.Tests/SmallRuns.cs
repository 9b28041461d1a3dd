using Llm4Msr.Testing;

[assembly: AssemblyFixture(typeof(Llm4Msr.Cli.Tests.SmallRuns))]

namespace Llm4Msr.Cli.Tests;

/// <summary>Prepared data, a knowledge store and two trained runs that tests look at and never change.</summary>
public sealed class SmallRuns : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public SmallRuns()
    {
        SmallMovieLens.Write(Logs);
        CommandRun.Succeeding("prepare", "ml-100k", Logs, "--out", Data);
        SmallMovieLens.WriteVectors(Vectors);
        Assert.Equal(0, SmallMovieLens.Import(Store, Data, Vectors).Code);
        Plain = CommandRun.Succeeding(TrainPlain(PlainRun));
        Enhanced = CommandRun.Succeeding(TrainEnhanced(EnhancedRun));
    }

    internal string Logs => _scratch["logs"];

    internal string Data => _scratch["data"];

    internal string Vectors => _scratch["vectors.safetensors"];

    internal string Store => _scratch["knowledge.db"];

    internal string PlainRun => _scratch["plain"];

    internal string EnhancedRun => _scratch["enhanced"];

    /// <summary>What training printed.</summary>
    internal CommandRun Plain { get; }

    internal CommandRun Enhanced { get; }

    internal string[] TrainPlain(string output) => ["train", Data, "--out", output, .. Small, "--json"];

    internal string[] TrainEnhanced(string output, int seeds = 2) =>
        ["train", Data, "--out", output, .. Small, "--enhancement", "llm4msr", "--knowledge", Store, "--components", "3", "--seeds", $"{seeds}", "--json"];

    /// <summary>Options that make training a matter of a second.</summary>
    internal static string[] Small => ["--epochs", "2", "--batch-size", "128", "--embedding", "4", "--hidden", "8,4"];

    /// <summary>The same for every trial of a grid.</summary>
    internal static string[] SmallTrials => ["--set", "training.epochs=1", "--set", "training.batchSize=256", "--set", "model.embeddingSize=4", "--set", "model.hiddenWidths=8,4"];

    /// <summary>The same where models read users' vectors, which have few directions.</summary>
    internal static string[] SmallFusedTrials => [.. SmallTrials, "--set", "model.fusion.components=3"];

    /// <summary>A copy of a run that a test may damage.</summary>
    internal static string Copy(string folder, string to)
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
        return to;
    }

    public void Dispose() => _scratch.Dispose();
}
