// The page of results from the run folders: dotnet run summary.cs -- WORK > results.md
#:property RestorePackagesWithLockFile=false
using System.Globalization;
using System.Text.Json;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var work = args[0];
var pilot = Read(Path.Combine(Path.GetDirectoryName(ThisFile())!, "pilot.json"));
var cells = Directory.EnumerateFiles(Path.Combine(work, "runs"), "*.json").Select(Cell.Read).OrderBy(c => c.Name, StringComparer.Ordinal).ToList();
var doctor = Read(Path.Combine(work, "doctor.json"));
var scenarios = cells[0].Scenarios;

Console.WriteLine($"""
    # MovieLens-100K with SmolLM2-135M

    Made by `experiments/ml-100k/run.sh`, {DateTime.UtcNow:yyyy-MM-dd}, on {doctor.GetProperty("processor").GetString()}, {doctor.GetProperty("processors").GetInt32()} cores, one torch thread per training.
    AUC on the test part, mean over the seeds and, behind ±, their standard deviation. Every arm has the same options, epochs at most and seeds.

    *own* is knowledge made here under `past-only`; *pilot* and *encoder* are vectors made with plain PyTorch, of SmolLM2 and of a text encoder.
    *pilot AUC* is what plain PyTorch code reached with the same vectors and users, *difference* ours less that.
    """);
Reasoning();
foreach (var split in new[] { "user", "user-holdout" })
{
    Console.WriteLine($"\n## Split `{split}`{(split == "user-holdout" ? ": users never trained on" : "")}\n");
    Console.WriteLine($"| backbone | knowledge | arm | {string.Join(" | ", scenarios)} | mean | pilot AUC | difference |");
    Console.WriteLine($"|---|---|---|{string.Concat(scenarios.Select(_ => "---|"))}---|---|---|");
    foreach (var cell in cells.Where(c => c.Split == split))
        Console.WriteLine(Row(cell));
}

void Reasoning()
{
    Console.WriteLine("\n## Knowledge\n");
    Console.WriteLine("| asked for the split | prompts asked | prompt tokens | new tokens | wall time | processor time | prompt tokens per second | new tokens per second | peak memory |");
    Console.WriteLine("|---|---|---|---|---|---|---|---|---|");
    foreach (var split in new[] { "user", "user-holdout" })
    {
        var run = Read(Path.Combine(work, $"reason-{split}.json"));
        double Number(string name) => run.GetProperty(name).GetDouble();
        Console.WriteLine($"| `{split}` | {Number("asked"):N0} | {Number("promptTokens"):N0} | {Number("newTokens"):N0} | {Number("seconds") / 60:F1} min "
            + $"| {Number("processorSeconds") / 60:F1} min | {Number("promptTokens") / Number("seconds"):N0} | {Number("newTokens") / Number("seconds"):N0} | {Number("peakMemoryBytes") / (1 << 20):N0} MiB |");
    }
    var users = Read(Path.Combine(work, "smollm2-stats.json")).GetProperty("quality").GetProperty("users");
    Console.WriteLine($"""

        Quality of the users' knowledge: {users.GetProperty("sharedTexts").GetDouble():P1} of the texts and {users.GetProperty("sharedOpenings").GetDouble():P1} of their openings are another user's too,
        {users.GetProperty("cutPrompts").GetDouble():P1} of the prompts were cut; effective rank {string.Join(", ", users.GetProperty("effectiveRank").EnumerateObject().Select(p => $"{p.Name} {p.Value.GetDouble():F0}"))}.
        """);
}

string Row(Cell cell)
{
    double[]? before = pilot.TryGetProperty(cell.Name, out var values) ? [.. values.EnumerateArray().Select(v => v.GetDouble())] : null;
    return $"| {cell.Backbone} | {cell.Knowledge} | {cell.Arm} | {string.Join(" | ", Enumerable.Range(0, scenarios.Count).Select(s => $"{cell.Mean(s):F4}"))} "
        + $"| {cell.MeanOfAll:F4} ± {cell.Deviation:F4} | {(before is null ? "" : $"{before.Average():F3}")} | {(before is null ? "" : $"{Math.Round(cell.MeanOfAll - before.Average(), 3):+0.000;-0.000;0.000}")} |";
}

static JsonElement Read(string path) => JsonDocument.Parse(File.ReadAllBytes(path)).RootElement;

static string ThisFile([System.Runtime.CompilerServices.CallerFilePath] string path = "") => path;

/// <summary>One run: a model per seed, scored on the test part.</summary>
internal sealed record Cell(string Name, IReadOnlyList<string> Scenarios, IReadOnlyList<double[]> Auc)
{
    private string[] Parts => Name.Split('.');

    public string Split => Parts[0];

    public string Backbone => Parts[1];

    public string Knowledge => Parts.Length == 3 ? "" : Parts[2];

    public string Arm => Parts[^1];

    public double Mean(int scenario) => Auc.Average(seed => seed[scenario]);

    public double MeanOfAll => Auc.Average(seed => seed.Average());

    public double Deviation => Math.Sqrt(Auc.Sum(seed => Math.Pow(seed.Average() - MeanOfAll, 2)) / (Auc.Count - 1));

    public static Cell Read(string path)
    {
        var seeds = JsonDocument.Parse(File.ReadAllBytes(path)).RootElement.GetProperty("seeds").EnumerateArray()
            .Select(seed => seed.GetProperty("test").GetProperty("scenarios").EnumerateArray().ToList()).ToList();
        return new Cell(
            Path.GetFileNameWithoutExtension(path),
            [.. seeds[0].Select(s => s.GetProperty("scenario").GetString()!)],
            [.. seeds.Select(seed => seed.Select(s => s.GetProperty("auc").GetDouble()).ToArray())]);
    }
}
