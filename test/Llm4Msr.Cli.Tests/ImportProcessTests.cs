using System.Diagnostics;
using System.Globalization;
using Llm4Msr.Import;
using Llm4Msr.Import.Configuration;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Cli.Tests;

/// <summary>
/// The process of an import dies, hangs or eats: the program that started it says so in a sentence and leaves nothing behind.
/// The log is a pipe into which nobody writes, so that the import is found in the middle of reading it.
/// </summary>
public sealed class ImportProcessTests : IDisposable
{
    private const string Log = "user,item,rating,time\n1,10,5,100\n2,11,1,101\n1,12,4,102\n2,10,2,103\n1,11,5,104\n2,12,4,105\n1,13,1,106\n2,13,5,107\n1,14,5,108\n2,14,1,109\n";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly ScratchFolder _scratch = new();
    private readonly List<FileStream> _held = [];

    public ImportProcessTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: needs Linux, for named pipes and signals");
        File.WriteAllText(_scratch["import.json"], """
            {
              "name": "shop",
              "platform": {"name": "Shop", "description": "", "users": "people", "items": "things", "behavior": "bought"},
              "scenarios": [{"name": "web", "description": ""}],
              "interactions": [{"file": "log.csv", "scenario": {"name": "web"}, "user": "user", "item": "item", "label": "rating > 3", "time": {"column": "time"}}]
            }
            """);
    }

    private string[] Prepare => ["prepare", _scratch["import.json"], "--out", _scratch["data"], "--overwrite"];

    public void Dispose()
    {
        _held.ForEach(stream => stream.Dispose());
        _scratch.Dispose();
    }

    [Theory]
    [InlineData("KILL", FaultKind.ResourceMissing, "The import was killed while reading log.csv, by somebody or by a system without memory. Nothing was written: run the command again, with less --memory than there is.")]
    [InlineData("SYS", FaultKind.BadInput, "The import ended with exit code 159 while reading log.csv: a file that its reader cannot stand? Nothing was written. ")]
    public async Task ACrashEndsTheImportAloneAndEarlierDataStay(string signal, FaultKind kind, string sentence)
    {
        File.WriteAllText(_scratch["log.csv"], Log);
        CommandRun.Succeeding(Prepare);
        var before = FolderState.Of(_scratch["data"]);
        MakePipe();

        var preparing = Task.Run(() => CommandRun.Of(Prepare));
        Signal(signal, WaitForWorker());
        var run = await preparing;

        run.AssertFails(kind, sentence);
        Assert.Equal(before, FolderState.Of(_scratch["data"]));
        AssertNothingIsLeft("data");
    }

    [Fact]
    public async Task AnImportThatTakesTooLongIsStopped()
    {
        MakePipe();

        var error = await Assert.ThrowsAsync<Llm4MsrException>(() => InPatience(() => Run(memory: 1L << 30, TimeSpan.FromSeconds(2))));

        Assert.Equal(FaultKind.ResourceMissing, error.Kind);
        // A busy machine takes longer than that to start it.
        Assert.Matches("^The import took longer than 2 s and was stopped while (starting|reading .+)\\. Give it more with --time-limit\\.$", error.Message);
        AssertNoWorker();
    }

    [Fact]
    public async Task AnImportThatHoldsTooMuchIsStopped()
    {
        MakePipe();

        // A runtime alone holds more than this.
        var error = await Assert.ThrowsAsync<Llm4MsrException>(() => InPatience(() => Run(memory: 48L << 20, TimeSpan.FromHours(1))));

        Assert.Equal(FaultKind.ResourceMissing, error.Kind);
        Assert.Matches("^The import held more than 0.05 GiB and was stopped while (starting|reading .+)\\. Give it more with --memory\\.$", error.Message);
        AssertNoWorker();
    }

    [Fact]
    public async Task WhoStopsItFindsNeitherFilesNorProcesses()
    {
        MakePipe();

        using var process = CommandRun.Start(Prepare);
        WaitForWorker();
        Signal("INT", process.Id);
        CommandRun run = null!;
        await InPatience(() => run = CommandRun.EndOf(process));

        Assert.Equal(CommandLine.Cancelled, run.Code);
        Assert.Equal(
            "Stopping at the next safe point. Press Ctrl-C again to stop at once.\nerror: Stopped as asked. What was finished is kept: run the same command again to go on.\n", run.Errors);
        AssertNoWorker();
        AssertNothingIsLeft();
    }

    [Fact]
    public void AKilledProgramTakesItsImportAlongAndTheNextOneClearsUp()
    {
        MakePipe();
        using var process = CommandRun.Start(Prepare);
        WaitForWorker();

        process.Kill(); // and not its children
        process.WaitForExit();

        AssertNoWorker();
        Assert.NotEmpty(Directory.GetDirectories(_scratch.Root));
        File.Delete(_scratch["log.csv"]);
        File.WriteAllText(_scratch["log.csv"], Log);
        Assert.Equal(0, CommandRun.Apart(Prepare).Code);
        AssertNothingIsLeft("data");
    }

    [Fact]
    public async Task LookingAtAFileIsAsSafe()
    {
        MakePipe();

        var inspecting = Task.Run(() => CommandRun.Of("data", "inspect", _scratch["log.csv"]));
        Signal("SYS", WaitForWorker());

        (await inspecting).AssertFails(FaultKind.BadInput, "The import ended with exit code 159 while starting: a file that its reader cannot stand? Nothing was written. ");
        AssertNoWorker();
    }

    [Fact]
    public void ColumnsThatAreStatementsReadNothing()
    {
        File.WriteAllText(_scratch["log.csv"], Log);
        foreach (var trap in new[] { "(SELECT content FROM read_text('/etc/passwd'))", "read_csv('/etc/passwd')", "c0\\\" FROM '/etc/passwd' --" })
        {
            var config = _scratch["trap.json"];
            File.WriteAllText(config, File.ReadAllText(_scratch["import.json"]).Replace("\"user\": \"user\"", $"\"user\": \"{trap}\"", StringComparison.Ordinal));

            CommandRun.Of("prepare", config, "--out", _scratch["data"]).AssertFails(FaultKind.BadInput,
                $"{_scratch["log.csv"]}: there is no column '{trap.Replace("\\\"", "\"", StringComparison.Ordinal)}'. The file has: user, item, rating, time.");
        }
        AssertNothingIsLeft();
    }

    private void Run(long memory, TimeSpan limit)
    {
        Directory.CreateDirectory(_scratch["spill"]);
        var job = new ImportJob(ImportJson.ReadFile(_scratch["import.json"]), _scratch.Root, _scratch["out"], _scratch["spill"], _scratch["rejected.csv"], memory, 1);
        ImportProcess.Run(job, limit, _ => { }, CancellationToken.None);
    }

    /// <summary>Fails where an import goes on that should have been stopped; it ends with these tests.</summary>
    private static Task InPatience(Action work) => Task.Run(work, TestContext.Current.CancellationToken).WaitAsync(s_patience, TestContext.Current.CancellationToken);

    private void MakePipe()
    {
        File.Delete(_scratch["log.csv"]);
        using var made = Process.Start("mkfifo", _scratch["log.csv"]);
        made.WaitForExit();
        Assert.Equal(0, made.ExitCode);
    }

    /// <summary>Waits until somebody reads the pipe, and keeps it open.</summary>
    /// <returns>The process of the import.</returns>
    private int WaitForWorker()
    {
        var opening = Task.Run(() => _held.Add(File.Open(_scratch["log.csv"], FileMode.Open, FileAccess.Write, FileShare.ReadWrite))); // closed, it would end the log
        Assert.True(opening.Wait(s_patience));
        return Assert.Single(Workers());
    }

    /// <summary>Imports of the program of these tests; nobody else's, for these tests run one at a time.</summary>
    private static List<int> Workers() => [.. Directory.GetDirectories("/proc").Select(Path.GetFileName)
        .Where(name => int.TryParse(name, CultureInfo.InvariantCulture, out _) && CommandOf(name!) is [_, var program, ImportProcess.Verb, ..] && program.StartsWith(AppContext.BaseDirectory, StringComparison.Ordinal))
        .Select(name => int.Parse(name!, CultureInfo.InvariantCulture))];

    private static string[] CommandOf(string process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline").Split('\0');
        }
        catch (IOException)
        {
            return []; // it ended
        }
    }

    private static void AssertNoWorker() => Assert.True(SpinWait.SpinUntil(() => Workers().Count == 0, s_patience));

    private void AssertNothingIsLeft(params string[] folders)
    {
        Assert.Equal(folders, Directory.GetDirectories(_scratch.Root).Select(Path.GetFileName));
        Assert.DoesNotContain(Directory.GetFiles(_scratch.Root), f => Path.GetExtension(f) is not (".csv" or ".json"));
    }

    private static void Signal(string signal, int process)
    {
        using var sent = Process.Start("kill", ["-s", signal, process.ToString(CultureInfo.InvariantCulture)]);
        sent.WaitForExit();
        Assert.Equal(0, sent.ExitCode);
    }
}
