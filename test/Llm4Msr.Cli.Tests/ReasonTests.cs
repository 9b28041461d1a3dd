using System.Diagnostics;
using System.Globalization;
using Llm4Msr.Knowledge;
using Llm4Msr.Testing;

namespace Llm4Msr.Cli.Tests;

/// <summary>Goal D1 from the outside: the real model, and a process that is interrupted and killed.</summary>
public sealed class ReasonTests : IDisposable
{
    private const int Users = 4, BatchSize = 1;

    private readonly string _model = TestFiles.Asset("models", "SmolLM2-135M-Instruct.Q4_1.gguf");
    private readonly ScratchFolder _scratch = new();

    public ReasonTests()
    {
        SmallMovieLens.Write(_scratch["logs"], Users, ratingsEach: 10);
        CommandRun.Succeeding("prepare", "ml-100k", _scratch["logs"], "--out", _scratch["data"]);
    }

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void ReasoningInterruptedAndKilledEndsAsIfItNeverHadBeen()
    {
        const int Questions = 3 + Users; // every scenario, and every user after eight tenths of their rows
        var store = _scratch["knowledge.db"];

        using var interrupted = CommandRun.Start(Reason(store));
        var acknowledged = KeysAfterTheNextBatch(store, []);
        Interrupt(interrupted);
        var stopped = CommandRun.EndOf(interrupted);
        Assert.Equal(130, stopped.Code);
        Assert.Empty(stopped.Output);
        Assert.Equal("Stopping at the next safe point. Press Ctrl-C again to stop at once.\nerror: Stopped as asked. What was finished is kept: run the same command again to go on.\n", stopped.Errors);

        Assert.Subset(Keys(store).ToHashSet(), acknowledged.ToHashSet());
        acknowledged = Keys(store);
        using var killed = CommandRun.Start(Reason(store));
        acknowledged = KeysAfterTheNextBatch(store, acknowledged);
        killed.Kill(); // SIGKILL
        killed.WaitForExit();
        var stored = Keys(store);
        Assert.Subset(stored.ToHashSet(), acknowledged.ToHashSet());
        Assert.InRange(stored.Count, acknowledged.Count, Questions - 1);

        var resumed = CommandRun.Apart(Reason(store));
        Assert.True(resumed.Code == 0, resumed.Errors);
        Assert.Equal((Questions, stored.Count, Questions - stored.Count), Counts(resumed)); // what was in flight is asked again, nothing else
        var all = Keys(store);
        Assert.Equal((Questions, Questions), (all.Count, all.Distinct().Count()));
        Assert.True(KnowledgeStore.Verify(store).IsClean);

        var nothing = CommandRun.Apart(Reason(store));
        Assert.Equal((Questions, Questions, 0), Counts(nothing));

        var uninterrupted = CommandRun.Apart(Reason(_scratch["uninterrupted.db"]));
        Assert.Equal(ContentHash(uninterrupted), ContentHash(resumed));
        Assert.Equal(ContentHash(uninterrupted), ContentHash(nothing));
    }

    private string[] Reason(string store) =>
    [
        "reason", _scratch["data"], "--model", _model, "--out", store, "--protocol", "train-part", "--history", "1", "--max-new-tokens", "2",
        "--batch-size", BatchSize.ToString(CultureInfo.InvariantCulture), "--workers", "1", "--json",
    ];

    private static List<string> KeysAfterTheNextBatch(string store, List<string> before)
    {
        var clock = Stopwatch.StartNew();
        for (var keys = Keys(store); ; keys = Keys(store))
        {
            if (keys.Count > before.Count)
                return keys;
            Assert.True(clock.Elapsed < TimeSpan.FromMinutes(2), "no batch was stored");
            Thread.Sleep(5);
        }
    }

    private static List<string> Keys(string path)
    {
        if (!File.Exists(path))
            return [];
        using var store = KnowledgeStore.OpenForReading(path);
        return [.. store.Records().Select(r => $"{r.Key} {r.AsOfRank}")];
    }

    private static void Interrupt(Process process)
    {
        using var kill = Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    private static (int Prompts, int AlreadyStored, int Asked) Counts(CommandRun run) => (
        run.Json.GetProperty("prompts").GetInt32(), run.Json.GetProperty("alreadyStored").GetInt32(), run.Json.GetProperty("asked").GetInt32());

    private static string? ContentHash(CommandRun run) => run.Json.GetProperty("contentHash").GetString();
}
