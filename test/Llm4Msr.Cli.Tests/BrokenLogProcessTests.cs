using System.Globalization;
using Llm4Msr.Data;
using Llm4Msr.Import.Tests.Fuzzing;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Cli.Tests;

/// <summary>
/// Broken logs as people meet them: the program is started with a broken log and starts the process of the import. Whatever the log holds, there is a whole
/// folder with counts that balance, or a sentence and no folder.
/// </summary>
/// <remarks>
/// LLM4MSR_FUZZ_FILES and LLM4MSR_FUZZ_FIRST name other logs than the usual ones; of these the command line runs in the tests' process, and only the
/// import in one of its own, which takes half the time.
/// </remarks>
public sealed class BrokenLogProcessTests : IDisposable
{
    /// <summary>Three of each format; among them every damage.</summary>
    private static readonly int[] s_usual = [0, 20, 32, 1, 25, 33, 10, 18, 34, 19, 35, 39];

    private readonly ScratchFolder _scratch = new();
    private readonly SortedDictionary<string, int> _treated = [];

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void AnyBrokenLogEndsInAWholeFolderOrInASentence()
    {
        var many = Number("LLM4MSR_FUZZ_FILES");
        int[] numbers = many is { } files ? [.. Enumerable.Range(Number("LLM4MSR_FUZZ_FIRST") ?? 0, files)] : s_usual;
        foreach (var number in numbers)
            Prepare(BrokenLog.Of(number), $"log {number}", many is null ? CommandRun.Apart : CommandRun.Of);

        TestContext.Current.TestOutputHelper?.WriteLine($"{numbers.Length} logs from {numbers[0]}: {string.Join(", ", _treated.Select(t => $"{t.Value} {t.Key}"))}.");
        Assert.True(_treated["refused"] > numbers.Length / 10 && _treated["imported"] > numbers.Length / 10, string.Join(", ", _treated));
    }

    [Fact]
    public void TheUsualLogsAreOfEveryFormatAndDamage()
    {
        var logs = s_usual.Select(BrokenLog.Of).ToList();

        Assert.Equal(["log.csv", "log.jsonl", "log.parquet", "log.tsv"], logs.Select(log => log.Name).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(Enum.GetValues<Damage>(), logs.SelectMany(log => log.Damages).Distinct().Order());
    }

    private void Prepare(BrokenLog log, string which, Func<string[], CommandRun> prepare)
    {
        File.WriteAllBytes(_scratch[log.Name], log.Bytes);
        File.WriteAllText(_scratch["import.json"], $$"""
            {
              "name": "shop",
              "platform": {"name": "Shop", "description": "", "users": "people", "items": "things", "behavior": "liked"},
              "scenarios": [{"name": "web", "description": ""}],
              "interactions": [{"file": "{{log.Name}}", "scenario": {"name": "web"}, "user": "user", "item": "item", "label": "rating > 3", "time": {"column": "time"} }],
              "split": {"kind": "global"},
              "maxRejected": 1
            }
            """);

        var run = prepare(["prepare", _scratch["import.json"], "--out", _scratch["data"], "--threads", "1", "--json"]);

        if (run.Code == 0)
            CheckFolder(log, run, which);
        else
            CheckRefusal(run, which);
        string[] left = [.. Directory.GetFileSystemEntries(_scratch.Root).Select(path => Path.GetFileName(path)!).Except(["data", "data.rejected.csv", "import.json", log.Name])];
        Assert.True(left.Length == 0, $"{which} left {string.Join(", ", left)}");
        File.Delete(_scratch[log.Name]);
        File.Delete(_scratch["data.rejected.csv"]);
    }

    private void CheckFolder(BrokenLog log, CommandRun run, string which)
    {
        var data = InteractionDataset.Open(_scratch["data"]);
        var counts = Assert.Single(run.Json.GetProperty("import").GetProperty("sources").EnumerateArray());
        long Of(string name) => counts.GetProperty(name).GetInt64();
        Assert.True(Of("read") == Of("kept") + Of("rejected") && Of("leftOut") + Of("duplicates") == 0, $"{which}: {counts}");
        Assert.True(Of("kept") == data.Interactions.Count && Of("rejected") == RejectedRows(), $"{which}: {counts}, but {data.Interactions.Count} interactions and {RejectedRows()} rows told");
        var own = OwnCount.Of(log.Name, log.Bytes);
        Assert.True(own is null || own == Of("read"), $"{which}: {counts}, but it has {own} rows");
        Assert.True(run.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).All(line => line.StartsWith("In the scenario 'web' ", StringComparison.Ordinal) || line.StartsWith("No item has a title ", StringComparison.Ordinal)), $"{which} says: {run.Errors}");
        Directory.Delete(_scratch["data"], recursive: true);
        Count("imported");
        Count(own is null ? "without a count of their own" : "with the rows of their own count");
    }

    /// <summary>Bad input, or a size that there is no memory for: in one sentence, and not with the import's death.</summary>
    private void CheckRefusal(CommandRun run, string which)
    {
        var told = $"{which} ended with {run.Code}: {run.Output}{run.Errors}";
        Assert.True(run.Code == (int)FaultKind.BadInput || run.Code == (int)FaultKind.ResourceMissing && run.Errors.StartsWith("error: The import needs more memory", StringComparison.Ordinal), told);
        Assert.True(run.Output.Length == 0 && run.Errors.Length < 3000, told);
        Assert.Matches("\\Aerror: [^\n]{20,}[.?]\n\\z", run.Errors);
        Assert.True(!run.Errors.Contains("   at ", StringComparison.Ordinal) && !run.Errors.Contains("The import ended with exit code", StringComparison.Ordinal), told);
        Assert.False(Directory.Exists(_scratch["data"]), told);
        Count("refused");
    }

    private long RejectedRows()
    {
        if (!File.Exists(_scratch["data.rejected.csv"]))
            return 0;
        using var reader = Sylvan.Data.Csv.CsvDataReader.Create(_scratch["data.rejected.csv"], new Sylvan.Data.Csv.CsvDataReaderOptions { MaxBufferSize = 1 << 24 });
        var rows = 0;
        while (reader.Read())
            rows++;
        return rows;
    }

    private void Count(string what) => _treated[what] = _treated.GetValueOrDefault(what) + 1;

    private static int? Number(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } said ? int.Parse(said, CultureInfo.InvariantCulture) : null;
}
