// What the validation users chose, and the page of the main question:
//   dotnet run main-result.cs -- WORK chosen ARM      # the options of 'train'
//   dotnet run main-result.cs -- WORK > main-result.md
#:project ../../src/Llm4Msr/Llm4Msr.csproj
#:package libtorch-cpu-linux-x64
#:property RestorePackagesWithLockFile=false
#:property ConcurrentGarbageCollection=false
#:property PublishAot=false
using System.Globalization;
using System.Text.Json;
using Llm4Msr.Data;
using Llm4Msr.Evaluation;
using Llm4Msr.Models;
using Llm4Msr.Platform;
using Llm4Msr.Training;
using TorchSharp;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var work = args[0];
string[] arms = ["real", "none", "shuffled", "field"];
if (args is [_, "chosen", var chosen])
{
    Console.WriteLine(string.Join(' ', Chosen(chosen).Select(s => $"--set {s.Key}={s.Value}")));
    return;
}

Libtorch.Require();
torch.set_num_threads(1);
var folds = Enumerable.Range(1, 5).Select(k => InteractionDataset.Open(Path.Combine(work, $"fold-{k}"))).ToList();
var scenarios = folds[0].Description.Scenarios.Select(s => s.Name).ToList();
var rows = arms.ToDictionary(arm => arm, Score);
var selection = InteractionDataset.Open(Path.Combine(work, "selection"));
var chosenOn = selection.RanksOf(Part.Validation).Select(rank => selection.Interactions.User[rank]).ToHashSet();
var everybody = new EvaluationOptions { Replicates = 10_000 };

Console.WriteLine($"""
    # Does knowledge of SmolLM2-135M help with users never trained on?

    Made by `experiments/ml-100k/main-result.sh`, {DateTime.UtcNow:yyyy-MM-dd}. Shared Bottom, protocol `past-only`, {rows["real"].Count} seeds in each of five folds; each of {rows["real"][1].User.Distinct().Count()} users with test rows is tested once.
    AUC is the mean over folds and scenarios; intervals (95 %) come from {everybody.Replicates:N0} draws of the users and the seeds, in pairs on the same rows; ± is the standard deviation over seeds.

    ## Chosen on validation users of another draw, 16 trials of two seeds for each arm

    | arm | validation AUC | settings |
    |---|---|---|
    """);
foreach (var arm in arms)
    Console.WriteLine($"| {arm} | {Trials(arm).Max(Monitor):F4} | {string.Join(", ", Chosen(arm).Select(s => $"`{s.Key}={s.Value}`"))} |");
Console.WriteLine($"\n## The one test\n\n| arm | {string.Join(" | ", scenarios)} | mean |\n|---|{string.Concat(scenarios.Select(_ => "---|"))}---|");
foreach (var arm in arms)
{
    var means = rows[arm].Values.Select(seed => Metrics.Of(seed).MeanAuc!.Value).ToList();
    Console.WriteLine($"| {arm} | {string.Join(" | ", scenarios.Select((_, s) => $"{rows[arm].Values.Average(seed => Metrics.Of(Of(seed, s)).MeanAuc!.Value):F4}"))} | {means.Average():F4} ± {SeedSample.Deviation(means):F4} |");
}
Console.WriteLine("\n| real less | scenario | difference | 95 % interval over users and seeds | smallest that would have shown | p over seeds |\n|---|---|---|---|---|---|");
var controls = new List<ControlDifference>();
foreach (var control in arms[1..])
{
    for (var s = 0; s < scenarios.Count; s++)
        Print(control, scenarios[s], Compare(control, seed => Of(seed, s)));
    controls.Add(new ControlDifference(control, Compare(control, seed => seed)));
    Print(control, "**mean**", controls[^1].Difference);
    Print(control, "mean, without the users that chose", Compare(control, seed => Where(seed, row => !chosenOn.Contains(seed.User[row]))));
}
var verdict = KnowledgeVerdict.Of(controls);
Console.WriteLine($"\n**Knowledge helps beyond capacity: {verdict.Gain switch { KnowledgeGain.Yes => "yes", KnowledgeGain.No => "no", _ => "not shown" }}** "
    + $"(rule of `controls`, gains of {verdict.SmallestGain} and more; it hangs on {string.Join(", ", verdict.Deciding)}).");

Dictionary<int, ScoredRows> Score(string arm) => TrainingRun.ScoreFolds(
    [.. folds.Select((data, fold) => (ModelFolder.Open(Path.Combine(work, "main", $"fold-{fold + 1}.{arm}")), data))], Part.Test);

ScoredRows Of(ScoredRows seed, int scenario) => Where(seed, row => seed.Scenario[row] % scenarios.Count == scenario);

static ScoredRows Where(ScoredRows seed, Func<int, bool> keep)
{
    int[] kept = [.. Enumerable.Range(0, seed.Count).Where(keep)];
    return new ScoredRows(seed.Scenarios, [.. kept.Select(k => seed.Scenario[k])], [.. kept.Select(k => seed.User[k])], [.. kept.Select(k => seed.Logits[k])], [.. kept.Select(k => seed.Clicked[k])]);
}

AucDifference Compare(string control, Func<ScoredRows, ScoredRows> part) => Comparison.Of(
    rows[control].ToDictionary(s => s.Key, s => part(s.Value)), rows["real"].ToDictionary(s => s.Key, s => part(s.Value)), everybody).Mean;

void Print(string control, string scenario, AucDifference d) => Console.WriteLine(
    $"| {control} | {scenario} | {d.Difference:+0.0000;-0.0000;0.0000} | {d.Interval!.Low:+0.0000;-0.0000;0.0000} to {d.Interval.High:+0.0000;-0.0000;0.0000} | {d.SmallestDetectable:F4} | {d.OverSeeds!.P:G2} |");

List<JsonElement> Trials(string arm) => [.. Arm(arm).GetProperty("trials").EnumerateArray()];

Dictionary<string, string> Chosen(string arm)
{
    var name = Arm(arm).GetProperty("chosen").GetString();
    return Trials(arm).Single(t => t.GetProperty("name").GetString() == name).GetProperty("settings").EnumerateObject().ToDictionary(s => s.Name, s => s.Value.ToString());
}

JsonElement Arm(string arm) => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(work, $"trials-{arm}.json"))).RootElement.GetProperty("arms")[0];

static double Monitor(JsonElement trial) => trial.GetProperty("monitor").GetDouble();
