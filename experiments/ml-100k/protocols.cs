// The page of the three protocols from the run folders: dotnet run protocols.cs -- WORK > protocols.md
#:property RestorePackagesWithLockFile=false
using System.Globalization;
using System.Text.Json;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var folder = Path.Combine(args[0], "protocols");
string[] protocols = ["past-only", "train-part", "whole-period"];

Console.WriteLine($"""
    # How much of a gain is leakage: one text encoder, three protocols

    Made by `experiments/ml-100k/protocols.sh`, {DateTime.UtcNow:yyyy-MM-dd}. Shared Bottom, mean AUC of the test part over scenarios and three seeds, ± their standard deviation.
    Test rows could see themselves, or their future, where the prompt whose knowledge they see was made as of their own row, or of a later one of the user; `audit leak` counts them.
    """);
foreach (var (split, who) in new[] { ("user", "users with trained rows"), ("user-holdout", "users never trained on") })
{
    var none = Auc($"{split}.none.none");
    Console.WriteLine($"\n## Split `{split}`: {who}\n\nWithout knowledge {Shown(none)}.\n\n| protocol | real | shuffled | real less none | real less shuffled | test rows with knowledge | that could see themselves | that could see their future |\n|---|---|---|---|---|---|---|---|");
    foreach (var protocol in protocols)
    {
        var (real, shuffled) = (Auc($"{split}.{protocol}.real"), Auc($"{split}.{protocol}.shuffled"));
        Console.WriteLine($"| `{protocol}` | {Shown(real)} | {Shown(shuffled)} | {real.Average() - none.Average():+0.000;-0.000} | {real.Average() - shuffled.Average():+0.000;-0.000} | {Audit(split, protocol)} |");
    }
}

string Audit(string split, string protocol)
{
    var test = Read($"{split}.{protocol}.audit.json").GetProperty("parts").EnumerateArray().Single(part => part.GetProperty("part").GetString() == "test");
    long Rows(string name) => test.GetProperty(name).GetInt64();
    return $"{Rows("withKnowledge"):N0} | {Rows("seeThemselves"):N0} | {Rows("seeTheirFuture"):N0}";
}

double[] Auc(string cell) => [.. Read($"{cell}.run.json").GetProperty("seeds").EnumerateArray().Select(seed => seed.GetProperty("test").GetProperty("meanAuc").GetDouble())];

static string Shown(double[] seeds) => $"{seeds.Average():F4} ± {Math.Sqrt(seeds.Sum(v => Math.Pow(v - seeds.Average(), 2)) / (seeds.Length - 1)):F4}";

JsonElement Read(string name) => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, name))).RootElement;
