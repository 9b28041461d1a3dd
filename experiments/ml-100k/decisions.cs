// The page of decisions from the run folders: dotnet run decisions.cs -- WORK > decisions.md
#:property RestorePackagesWithLockFile=false
using System.Globalization;
using System.Text.Json;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var cells = Directory.EnumerateFiles(Path.Combine(args[0], "decisions"), "*.json").Where(f => new FileInfo(f).Length > 0).Select(Cell.Read).OrderBy(c => c.Name, StringComparer.Ordinal).ToList();
var doctor = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(args[0], "doctor.json"))).RootElement;

Console.WriteLine($"""
    # Decisions, measured on MovieLens-100K

    Made by `experiments/ml-100k/decisions.sh`, {DateTime.UtcNow:yyyy-MM-dd}, on {doctor.GetProperty("processor").GetString()}, {doctor.GetProperty("processors").GetInt32()} cores, one torch thread per training.
    The letters are those of [docs/decisions.md](../../docs/decisions.md); 0 is the preset `default`, of which every other row changes one thing (a: all that the preset `paper` changes).
    Mean AUC over scenarios on the test and the validation part, mean over the seeds and, behind ±, their standard deviation. Shared Bottom, split `user-holdout`; i is AITM without knowledge.
    *own* is SmolLM2's knowledge made here (`past-only`), *pilot* and *encoder* are vectors made with plain PyTorch of SmolLM2 and of a text encoder (`train-part`).

    | decision | knowledge | choice | arm | seeds | test AUC | validation AUC | epochs |
    |---|---|---|---|---|---|---|---|
    """);
foreach (var cell in cells)
    Console.WriteLine($"| {cell.Part(0)} | {cell.Part(1)} | {cell.Part(2)} | {cell.Part(3)} | {cell.Test.Count} | {Cell.Text(cell.Test)} | {Cell.Text(cell.Validation)} | {cell.Epochs:F1} |");

/// <summary>One run: a model per seed.</summary>
internal sealed record Cell(string Name, IReadOnlyList<double> Test, IReadOnlyList<double> Validation, double Epochs)
{
    public string Part(int k) => Name.Split('.')[k];

    public static string Text(IReadOnlyList<double> auc) =>
        auc.Count == 1 ? $"{auc[0]:F4}" : $"{auc.Average():F4} ± {Math.Sqrt(auc.Sum(a => Math.Pow(a - auc.Average(), 2)) / (auc.Count - 1)):F4}";

    public static Cell Read(string path)
    {
        var seeds = JsonDocument.Parse(File.ReadAllBytes(path)).RootElement.GetProperty("seeds").EnumerateArray().ToList();
        return new Cell(Path.GetFileNameWithoutExtension(path), Auc("test"), Auc("validation"), seeds.Average(s => s.GetProperty("epochs").GetDouble()));

        double[] Auc(string part) => [.. seeds.Select(s => s.GetProperty(part).GetProperty("scenarios").EnumerateArray().Average(c => c.GetProperty("auc").GetDouble()))];
    }
}
