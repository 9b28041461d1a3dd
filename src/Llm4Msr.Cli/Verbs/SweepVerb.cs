using System.CommandLine;
using Llm4Msr.Cli.Configuration;
using Llm4Msr.Cli.Grids;
using Llm4Msr.Data;
using Spectre.Console;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr sweep</c>: many trainings, each a process of its own; the best one of each arm by the validation part alone.</summary>
internal static class SweepVerb
{
    private const string ResultFile = "sweep.json";

    public static Command Create(Cli cli)
    {
        var (config, grid) = (new ConfigArguments(), new GridArguments());
        var data = new Argument<string>("data") { Description = "Folder written by 'llm4msr prepare'." };
        var compare = new Option<string[]>("--compare") { Description = "What is compared: an arm for each value; may be said again, for combinations.", HelpName = "KEY=A,B" };
        var verb = new Verb("sweep", "Train with many settings, the same number for every arm, and choose by the validation part alone.",
            "llm4msr sweep data --config base.json --compare model.backbone=star,mmoe --vary training.learningRate=0.001,0.0003 --jobs 2 --out sweeps/rates")
        {
            data, compare,
        };
        foreach (var option in (IEnumerable<Option>)[.. grid.All, .. config.All])
            verb.Add(option);
        verb.SetAction(parsed =>
        {
            var (trials, jobs) = (grid.Trials(parsed), grid.Jobs(parsed));
            var dataFolder = parsed.GetRequiredValue(data);
            var dataset = InteractionDataset.Open(dataFolder);
            var plan = SweepPlan.Of(config.Read(parsed), parsed.GetValue(compare) ?? [], grid.Vary(parsed), trials, dataset.Description);
            Run(cli, new TrainingGrid(cli, dataset, dataFolder, grid.Output(parsed)), plan, grid.Output(parsed), jobs);
        });
        return verb;
    }

    private static void Run(Cli cli, TrainingGrid grid, IReadOnlyList<Cell> plan, string output, int jobs)
    {
        grid.Train("sweep", plan, jobs);
        Print(cli, ArmResult.Of(plan, grid), plan[0].Config, output);
    }

    private static void Print(Cli cli, IReadOnlyList<ArmResult> arms, TrainConfig first, string output)
    {
        var model = new
        {
            output,
            arms = arms.Select(arm => new
            {
                arm = arm.Arm.Values,
                // Nobody chooses by the test part who does not see it: only the chosen trial's is told.
                trials = arm.Trials.Select(t => new { t.Cell.Name, t.Cell.Settings, monitor = t.Shown, validation = t.Seeds.Select(s => s.Validation) }),
                chosen = arm.Best.Cell.Name,
                test = arm.Best.Seeds.Select(s => s.Test),
            }),
        };
        Config.WriteFile(Path.Combine(output, ResultFile), model);
        cli.Terminal.Result(model, console =>
        {
            var table = new Table { Border = TableBorder.Simple };
            foreach (var column in new[] { "arm", "trials", "chosen settings", Spelling.Of(first.Training.Monitor) + " of validation", "test AUC", "run" })
                table.AddColumn(column);
            foreach (var arm in arms)
                table.AddRow([.. new[] { arm.Arm.Name, arm.Trials.Count.ToString(System.Globalization.CultureInfo.InvariantCulture), Cell.Spelled(arm.Best.Cell.Settings), Numbers.Figure(arm.Best.Shown), Numbers.Figure(arm.TestAuc), arm.Best.Run }.Select(Markup.Escape)]);
            console.Write(table);
            console.WriteLine(FormattableString.Invariant($"Chosen by the validation part alone, over {first.Seeds} {(first.Seeds == 1 ? "seed" : "seeds")} each. Every trial is in {Path.Combine(output, ResultFile)}."));
        });
    }
}
