using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;
using Llm4Msr.Knowledge;
using Llm4Msr.Testing;

namespace Llm4Msr.Tests.Knowledge;

/// <summary>Goal D1 for the store: a writer killed at any moment loses nothing that it acknowledged.</summary>
public sealed class KnowledgeKillTests : IDisposable
{
    private const string AppendTo = "LLM4MSR_TEST_APPEND_TO";
    private const int Kills = 10, Batches = 100_000, BatchSize = 5;

    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void AWriterKilledAtAnyMomentLosesNothingThatItAcknowledged()
    {
        var path = _scratch["users.knowledge"];
        var random = new Random();
        var acknowledged = 0;
        for (var kill = 0; kill < Kills; kill++)
        {
            var whileItWrites = kill % 2 == 0; // the others anywhere, the start and the making of the file included
            using var writer = StartWriter(path);
            var line = whileItWrites ? writer.StandardOutput.ReadLine() : null;
            Thread.Sleep(random.Next(whileItWrites ? 100 : 1500));
            writer.Kill();
            for (line ??= writer.StandardOutput.ReadLine(); line is not null; line = writer.StandardOutput.ReadLine())
                acknowledged = int.Parse(line, CultureInfo.InvariantCulture) + 1;
            writer.WaitForExit();
            if (acknowledged == 0 && !File.Exists(path))
                continue;

            var report = KnowledgeStore.Verify(path);
            Assert.True(report.IsClean, string.Join('\n', report.Findings));
            var batches = report.UserRecords / BatchSize;
            Assert.Equal(0, report.UserRecords % BatchSize);
            Assert.InRange(batches, acknowledged, acknowledged + 1); // one may be stored and not yet acknowledged
            Samples.AssertSame(Enumerable.Range(0, (int)batches).SelectMany(Batch), Samples.Read(path));
        }
        Assert.InRange(acknowledged, Kills / 2, Batches - 1); // the writers got on, and none came to its end
        AssertResumedIsAsUninterrupted(path, acknowledged + 20);
    }

    private void AssertResumedIsAsUninterrupted(string path, int batches)
    {
        AppendMissing(path, batches, acknowledge: _ => { });
        AppendMissing(_scratch["uninterrupted"], batches, acknowledge: _ => { });
        Assert.Equal(KnowledgeStore.Verify(_scratch["uninterrupted"]).ContentHash, KnowledgeStore.Verify(path).ContentHash);
    }

    /// <summary>This test program again, as the process to be killed.</summary>
    private static Process StartWriter(string path)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (System.IO.Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(typeof(KnowledgeKillTests).Assembly.Location);
        start.Environment[AppendTo] = path;
        return Process.Start(start)!;
    }

    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "The one place that runs before the test runner does.")]
    internal static void BeTheWriter()
    {
        if (Environment.GetEnvironmentVariable(AppendTo) is not { } path)
            return;
        AppendMissing(path, Batches, acknowledge: batch =>
        {
            Console.WriteLine(batch.ToString(CultureInfo.InvariantCulture));
            Console.Out.Flush();
        });
        Environment.Exit(0);
    }

    private static void AppendMissing(string path, int batches, Action<int> acknowledge)
    {
        using var store = KnowledgeStore.OpenForWriting(path, Samples.Fingerprint, Samples.Interactions);
        for (var b = 0; b < batches; b++)
        {
            var missing = Batch(b).Where(r => !store.Contains(r.Key, r.AsOfRank, r.Basis, r.PromptHash)).ToList();
            if (missing.Count == 0)
                continue;
            store.Append(missing);
            acknowledge(b);
        }
    }

    private static IEnumerable<KnowledgeRecord> Batch(int batch) => Enumerable.Range(0, BatchSize).Select(i => Samples.User($"{batch}-{i}", 1));
}
