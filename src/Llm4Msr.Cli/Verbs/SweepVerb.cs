using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Llm4Msr.Cli.Configuration;
using Llm4Msr.Data;
using Llm4Msr.Evaluation;
using Llm4Msr.Models;
using Llm4Msr.Platform;
using Llm4Msr.Training;
using Spectre.Console;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr sweep</c>: many trainings, each a process of its own; the best one of each arm by the validation part alone.</summary>
internal static class SweepVerb
{
    private const string ResultFile = "sweep.json";

    public static Command Create(Cli cli)
    {
        var config = new ConfigArguments();
        var data = new Argument<string>("data") { Description = "Folder written by 'llm4msr prepare'." };
        var output = new Option<string>("--out") { Description = "Folder of all runs: made, or gone on with.", Required = true };
        var compare = new Option<string[]>("--compare") { Description = "What is compared: an arm for each value; may be said again, for combinations.", HelpName = "KEY=A,B" };
        var vary = new Option<string[]>("--vary") { Description = "What is tried in every arm alike; may be said again, for combinations.", HelpName = "KEY=A,B" };
        var trials = new Option<int>("--trials") { Description = "Trials per arm, drawn from the combinations, the same in every arm; 0 for all.", DefaultValueFactory = _ => 0 };
        var jobs = new Option<int>("--jobs") { Description = "Trainings at once.", DefaultValueFactory = _ => 1 };
        var verb = new Verb("sweep", "Train with many settings, the same number for every arm, and choose by the validation part alone.",
            "llm4msr sweep data --config base.json --compare model.backbone=star,mmoe --vary training.learningRate=0.001,0.0003 --jobs 2 --out sweeps/rates")
        {
            data, output, compare, vary, trials, jobs,
        };
        foreach (var option in config.All)
            verb.Add(option);
        verb.SetAction(parsed =>
        {
            AtLeast.Check(1, ("--jobs", parsed.GetValue(jobs)));
            AtLeast.Check(0, ("--trials", parsed.GetValue(trials)));
            var dataFolder = parsed.GetRequiredValue(data);
            var plan = SweepPlan.Of(
                config.Read(parsed), parsed.GetValue(compare) ?? [], parsed.GetValue(vary) ?? [], parsed.GetValue(trials),
                InteractionDataset.Open(dataFolder).Description);
            foreach (var trial in plan)
                trial.Config.Run.Check();
            return Run(cli, dataFolder, plan, parsed.GetRequiredValue(output), parsed.GetValue(jobs));
        });
        return verb;
    }

    private static int Run(Cli cli, string data, IReadOnlyList<Trial> plan, string output, int jobs)
    {
        foreach (var folder in new[] { "configs", "runs", "logs" })
            Directory.CreateDirectory(Path.Combine(output, folder));
        var done = 0;
        var failed = new SortedDictionary<string, string>(StringComparer.Ordinal);
        cli.Terminal.WithProgress("sweep", plan.Count, report =>
        {
            Parallel.ForEach(plan, new ParallelOptions { MaxDegreeOfParallelism = jobs, CancellationToken = cli.Cancellation }, trial =>
            {
                var problem = Train(cli, data, trial, output);
                lock (failed)
                {
                    if (problem is not null)
                        failed[trial.Name] = problem;
                    report(++done, FormattableString.Invariant($"{done} of {plan.Count} trials"));
                }
            });
        });
        if (failed.Count > 0)
        {
            foreach (var (name, problem) in failed)
                cli.Terminal.Say($"Trial {name} failed: {problem}");
            throw new Llm4MsrException(FaultKind.CheckFailed,
                $"{failed.Count} of {plan.Count} trials failed, and arms with fewer trials than others are not compared. Mend the cause and run the same command again: finished trials are kept.");
        }
        Print(cli, plan, output);
        return 0;
    }

    /// <returns>Why it failed; null where it did not.</returns>
    private static string? Train(Cli cli, string data, Trial trial, string output)
    {
        var run = RunFolder(output, trial);
        if (IsFinished(run, trial))
            return null;
        var config = Path.Combine(output, "configs", trial.Name + ".json");
        DurableFile.WriteText(config, JsonSerializer.Serialize(trial.Config, Config.Json) + "\n");
        using var process = ThisProgram.Start("train", data, "--config", config, "--out", run);
        using var stop = cli.Cancellation.Register(process.Kill); // what it has done is kept, exactly
        var printed = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        File.WriteAllText(Path.Combine(output, "logs", trial.Name + ".log"), printed.Result + errors);
        cli.Cancellation.ThrowIfCancellationRequested();
        return process.ExitCode == 0 ? null : errors.Trim() is { Length: > 0 } said ? said : FormattableString.Invariant($"it ended with {process.ExitCode} and said nothing: {printed.Result.Trim()}");
    }

    private static bool IsFinished(string run, Trial trial) =>
        Directory.Exists(run) && !trial.Config.AllSeeds.Except(ModelFolder.Open(run).Seeds).Any();

    private sealed record TrialResult(Trial Trial, double Worth, IReadOnlyList<SeedResult> Seeds);

    private static void Print(Cli cli, IReadOnlyList<Trial> plan, string output)
    {
        var arms = plan.Select(trial => ResultOf(trial, output)).GroupBy(r => SweepPlan.Spelled(r.Trial.Arm)).Select(arm => (
            Name: arm.Key, Trials: arm.ToList(), Best: arm.MaxBy(r => r.Worth)!)).ToList();
        var model = new
        {
            output,
            arms = arms.Select(arm => new
            {
                arm = arm.Best.Trial.Arm,
                // Nobody chooses by the test part who does not see it: only the chosen trial's is told.
                trials = arm.Trials.Select(t => new { t.Trial.Name, t.Trial.Settings, monitor = Shown(t), validation = t.Seeds.Select(s => s.Validation) }),
                chosen = arm.Best.Trial.Name,
                test = arm.Best.Seeds.Select(s => s.Test),
            }),
        };
        DurableFile.WriteText(Path.Combine(output, ResultFile), JsonSerializer.Serialize(model, Config.Json) + "\n");
        cli.Terminal.Result(model, console =>
        {
            var table = new Table { Border = TableBorder.Simple };
            foreach (var column in new[] { "arm", "trials", "chosen settings", Spelling.Of(plan[0].Config.Training.Monitor) + " of validation", "test AUC", "run" })
                table.AddColumn(column);
            foreach (var (name, trials, best) in arms)
                table.AddRow([.. new[] { name, Text(trials.Count), SweepPlan.Spelled(best.Trial.Settings), Text(Shown(best)), Text(best.Seeds.Average(s => s.Test.MeanAuc)), RunFolder(output, best.Trial) }.Select(Markup.Escape)]);
            console.Write(table);
            console.WriteLine($"Chosen by the validation part alone, over {Text(plan[0].Config.Seeds)} {(plan[0].Config.Seeds == 1 ? "seed" : "seeds")} each. Every trial is in {Path.Combine(output, ResultFile)}.");
        });
    }

    private static TrialResult ResultOf(Trial trial, string output)
    {
        var folder = ModelFolder.Open(RunFolder(output, trial));
        List<SeedResult> seeds = [.. trial.Config.AllSeeds.Select(seed => TrainingRun.ReadResult(folder, seed))];
        return new TrialResult(trial, seeds.Average(s => trial.Config.Training.Monitor.Value(s.Validation)!.Value), seeds);
    }

    /// <summary>A log loss as people know it, where lower is better.</summary>
    private static double Shown(TrialResult result) => result.Trial.Config.Training.Monitor == MonitorKind.LogLoss ? -result.Worth : result.Worth;

    private static string RunFolder(string output, Trial trial) => Path.Combine(output, "runs", trial.Name);

    private static string Text(double? value) => value?.ToString("0.####", CultureInfo.InvariantCulture) ?? "undefined";
}
