// The page of the paper's second table from what 'reproduce table2' printed: dotnet run table2.cs -- WORK > table2.md
#:property RestorePackagesWithLockFile=false
using System.Globalization;
using System.Text.Json;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var work = args[0];

Console.WriteLine($"""
    # The paper's second table on MovieLens-100K with SmolLM2-135M

    Made by `experiments/ml-100k/table2.sh`, {DateTime.UtcNow:yyyy-MM-dd}: five seeds, default settings in every arm (one trial each), protocol `past-only`, T = 15.
    AUC on the test part, mean over the seeds. A gain is over the backbone alone on the same rows; its 95 % interval is over users and seeds, ★: p < 0.05 over seeds. *Would show*: the smallest gain that shows four times of five.
    """);
foreach (var (split, who) in new[] { ("user", "users with trained rows"), ("user-holdout", "users never trained on") })
{
    var table = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(work, $"table2-{split}.json"))).RootElement;
    List<JsonElement> rows = [.. table.GetProperty("rows").EnumerateArray()];
    var columns = rows[0].GetProperty("auc").EnumerateArray().Select(a => a.GetProperty("scenario").GetString()).ToList();
    Console.WriteLine($"\n## Split `{split}`: {who}\n\n| model | {string.Join(" | ", columns)} | gain | 95 % interval | would show | p over seeds | the paper's gains |\n|---|{string.Concat(columns.Select(_ => "---|"))}---|---|---|---|---|");
    foreach (var row in rows)
    {
        var stars = row.GetProperty("stars").EnumerateArray().Select(s => s.GetBoolean());
        var auc = row.GetProperty("auc").EnumerateArray().Zip(stars, (a, star) => $"{a.GetProperty("auc").GetDouble():F4}{(star ? "★" : "")}");
        Console.WriteLine($"| {row.GetProperty("arm").GetString()} | {string.Join(" | ", auc)} | {Gain(row.GetProperty("overBaseline"))} | {row.GetProperty("paper").GetString()} |");
    }
    var gains = rows.Where(row => row.GetProperty("overBaseline").ValueKind == JsonValueKind.Object).ToLookup(row => row.GetProperty("arm").GetString()!.Split(" + ")[^1], row => row.GetProperty("overBaseline").GetProperty("mean"));
    Console.WriteLine();
    foreach (var enhancement in gains)
    {
        Console.WriteLine($"- {enhancement.Key}: gains {enhancement.Min(Difference):+0.0000;-0.0000} to {enhancement.Max(Difference):+0.0000;-0.0000}, mean {enhancement.Average(Difference):+0.0000;-0.0000}; "
            + $"above 0 by its interval with {enhancement.Count(g => Low(g) > 0)} of {enhancement.Count()} backbones, below with {enhancement.Count(g => High(g) < 0)}.");
    }
}

static double Difference(JsonElement gain) => gain.GetProperty("difference").GetDouble();
static double Low(JsonElement gain) => gain.GetProperty("interval").GetProperty("low").GetDouble();
static double High(JsonElement gain) => gain.GetProperty("interval").GetProperty("high").GetDouble();

static string Gain(JsonElement over)
{
    if (over.ValueKind != JsonValueKind.Object)
        return " |  |  | ";
    var mean = over.GetProperty("mean");
    return $"{Difference(mean):+0.0000;-0.0000} | {Low(mean):+0.0000;-0.0000} to {High(mean):+0.0000;-0.0000} | {mean.GetProperty("smallestDetectable").GetDouble():F4} | {mean.GetProperty("overSeeds").GetProperty("p").GetDouble():G2}";
}
