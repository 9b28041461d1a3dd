// The page of the later attempts: dotnet run attempts.cs -- WORK > attempts.md
#:project ../../src/Llm4Msr/Llm4Msr.csproj
#:package libtorch-cpu-linux-x64
#:property RestorePackagesWithLockFile=false
#:property ConcurrentGarbageCollection=false
#:property PublishAot=false
using System.Globalization;
using Llm4Msr.Data;
using Llm4Msr.Evaluation;
using Llm4Msr.Models;
using Llm4Msr.Platform;
using Llm4Msr.Training;
using TorchSharp;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
Libtorch.Require();
torch.set_num_threads(1);
var work = args[0];
var folds = Enumerable.Range(1, 5).Select(k => InteractionDataset.Open(Path.Combine(work, $"draw-{k}"))).ToList();
string[] arms = ["none", "real", "shuffled", "field"];

// Names are FOLD.ARM.WHAT.STATE; those of the first fold tell which trials there are.
var trials = Directory.GetDirectories(Path.Combine(work, "attempts"), "1.*").Select(folder => Path.GetFileName(folder)[2..]).Order(StringComparer.Ordinal)
    .Select(name => (Arm: name[..name.IndexOf('.')], What: name[(name.IndexOf('.') + 1)..], Rows: Score(name))).ToList();
var best = arms.ToDictionary(arm => arm, arm => trials.Where(t => t.Arm == arm).MaxBy(t => Mean(t.Rows)));
var users = best["real"].Rows[1].User.Distinct().Count();
var options = new EvaluationOptions { Replicates = 10_000 };

Console.WriteLine($"""
    # Later attempts: other histories, another prompt, larger embeddings

    Made by `experiments/ml-100k/attempts.sh`, {DateTime.UtcNow:yyyy-MM-dd}. Shared Bottom, SmolLM2-135M, protocol `past-only`, {best["real"].Rows.Count} seeds in each of five folds; {users} validation users, each of one fold.
    AUC is the mean over folds and scenarios on the validation part, which also chose the epochs: it is for comparing, not for quoting. ± is the standard deviation over seeds.
    Intervals (95 %) come from {options.Replicates:N0} draws of the users and the seeds, in pairs on the same rows. *t2, t5, t15*: T with the built-in template; *taste*: [its wording](templates/taste.txt), T = 15; *larger*: T = 15, embeddings that start at a deviation of 0.1.

    ## Every trial

    | arm | what | validation AUC |
    |---|---|---|
    """);
foreach (var trial in trials.OrderBy(t => Array.IndexOf(arms, t.Arm)))
    Console.WriteLine($"| {trial.Arm} | {trial.What}{(trial == best[trial.Arm] ? " **best**" : "")} | {Mean(trial.Rows):F4} ± {SeedSample.Deviation(Means(trial.Rows)):F4} |");

Console.WriteLine($"""

    ## Real knowledge less each control, everything else alike

    none is the best of its trials ({best["none"].What}).

    | what | less none | less shuffled | less field |
    |---|---|---|---|
    """);
foreach (var real in trials.Where(t => t.Arm == "real"))
{
    string Less(string arm) => Difference(trials.Single(t => t.Arm == arm && t.What == real.What).Rows, real.Rows);
    Console.WriteLine($"| {real.What} | {Difference(best["none"].Rows, real.Rows)} | {Less("shuffled")} | {Less("field")} |");
}
Console.WriteLine("\n## The best trial of each arm, of as many\n");
foreach (var arm in arms[1..])
    Console.WriteLine($"- {arm} ({best[arm].What}) less none ({best["none"].What}): {Difference(best["none"].Rows, best[arm].Rows)}");
foreach (var arm in arms[2..])
    Console.WriteLine($"- real ({best["real"].What}) less {arm} ({best[arm].What}): {Difference(best[arm].Rows, best["real"].Rows)}");

Dictionary<int, ScoredRows> Score(string trial) => TrainingRun.ScoreFolds(
    [.. folds.Select((data, fold) => (ModelFolder.Open(Path.Combine(work, "attempts", $"{fold + 1}.{trial}")), data))], Part.Validation);

string Difference(Dictionary<int, ScoredRows> control, Dictionary<int, ScoredRows> real)
{
    var mean = Comparison.Of(control, real, options).Mean;
    return $"{mean.Difference:+0.0000;-0.0000;0.0000} ({mean.Interval!.Low:+0.0000;-0.0000;0.0000} to {mean.Interval.High:+0.0000;-0.0000;0.0000})";
}

static List<double> Means(Dictionary<int, ScoredRows> rows) => [.. rows.Values.Select(seed => Metrics.Of(seed).MeanAuc!.Value)];
static double Mean(Dictionary<int, ScoredRows> rows) => Means(rows).Average();
