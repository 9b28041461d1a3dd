using System.CommandLine;
using System.Text.Json.Nodes;
using Llm4Msr.Cli.Configuration;
using Llm4Msr.Cli.Grids;
using Llm4Msr.Data;
using Llm4Msr.Evaluation;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr controls</c>: real knowledge against everything else that could explain its gain, and a verdict.</summary>
internal static class ControlsVerb
{
    private const string ResultFile = "controls.json", TableFile = "controls.csv";

    public static Command Create(Cli cli)
    {
        var (basis, grid) = (new GridBasis(), new GridArguments());
        var smallest = SmallestGain.Option("The least gain in mean AUC that matters: a control over which the interval rules it out says no.");
        var verb = new Verb("controls", "Does knowledge help beyond capacity? Real knowledge against none, shuffled, constant and random, and a verdict.",
            "llm4msr controls data --knowledge knowledge.db --backbone star --seeds 5 --out controls",
            "llm4msr controls data --knowledge knowledge.db --vary training.learningRate=0.001,0.0003 --jobs 2 --out controls")
        {
            smallest,
        };
        basis.AddTo(verb);
        foreach (var option in grid.All)
            verb.Add(option);
        verb.SetAction(parsed =>
        {
            var least = SmallestGain.Read(parsed, smallest);
            var (trials, jobs) = (grid.Trials(parsed), grid.Jobs(parsed));
            var folder = basis.Data(parsed);
            var dataset = InteractionDataset.Open(folder);
            var said = basis.Read(parsed);
            var plan = GridPlan.Of(said, ArmsOf(dataset, said, basis.Knowledge(parsed)!), SweepPlan.Settings(grid.Vary(parsed)), trials, dataset.Description);
            Run(cli, dataset, new TrainingGrid(cli, dataset, folder, grid.Output(parsed)), plan, grid.Output(parsed), jobs, least);
        });
        return verb;
    }

    private static IReadOnlyList<Arm> ArmsOf(InteractionDataset data, IReadOnlyList<JsonObject> basis, string store)
    {
        var state = Config.ResolveWhatIsRead(basis, data.Description.Split.Kind).Config.State;
        using var open = KnowledgeStore.OpenForReading(store);
        return ControlArms.Of(open.Fingerprint.States, state ?? open.Fingerprint.States[0]);
    }

    private static void Run(Cli cli, InteractionDataset data, TrainingGrid grid, IReadOnlyList<Cell> plan, string output, int jobs, double smallestGain)
    {
        Libtorch.Require();
        grid.Train("controls", plan, jobs);
        var arms = ArmResult.Of(plan, grid);
        var real = arms.Single(a => a.Arm.Name == ControlArms.Real);
        var scored = ScoredArms.Of(cli, "controls", data, arms);
        var others = arms.Where(a => a != real).ToDictionary(a => a.Arm.Name, a => scored.Compare(a.Arm, real.Arm), StringComparer.Ordinal);
        var verdict = KnowledgeVerdict.Of([.. ControlArms.Deciding.Select(name => new ControlDifference(name, others[name].Mean))], smallestGain);

        var report = new ControlsReport(arms, others, verdict);
        var model = report.Model(output);
        Config.WriteFile(Path.Combine(output, ResultFile), model);
        report.WriteTable(Path.Combine(output, TableFile));
        cli.Terminal.Result(model, report.Print);
    }
}
