using System.CommandLine;
using Llm4Msr.Cli.Configuration;
using Llm4Msr.Cli.Grids;
using Llm4Msr.Data;
using Llm4Msr.Platform;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr seesaw</c>: which scenario loses by being trained with the others.</summary>
internal static class SeesawVerb
{
    public static Command Create(Cli cli)
    {
        var (basis, grid) = (new GridBasis("Knowledge store of this data; with it LLM4MSR around the backbone is looked at too.", knowledgeRequired: false), new GridArguments());
        var verb = new Verb("seesaw", "Which scenario loses by being trained with the others? Each model against one of the scenario alone and against Shared Bottom.",
            "llm4msr seesaw data --backbone star --seeds 3 --out seesaw",
            "llm4msr seesaw data --backbone mmoe --knowledge knowledge.db --jobs 2 --out seesaw");
        basis.AddTo(verb);
        foreach (var option in grid.All)
            verb.Add(option);
        verb.SetAction(parsed =>
        {
            var (trials, jobs) = (grid.Trials(parsed), grid.Jobs(parsed));
            var dataset = InteractionDataset.Open(basis.Data(parsed));
            var said = basis.Read(parsed);
            var backbone = Config.ResolveWhatIsRead(said, dataset.Description.Split.Kind).Config.Model.Backbone;
            var seesaw = SeesawPlan.Of(dataset.Description, backbone, basis.Knowledge(parsed) is not null);
            var cells = GridPlan.Of(said, [.. seesaw.Arms], SweepPlan.Settings(grid.Vary(parsed)), trials, dataset.Description);
            Libtorch.Require();
            var output = grid.Output(parsed);
            var training = new TrainingGrid(cli, dataset, basis.Data(parsed), output);
            training.Train("seesaw", cells, jobs);
            var arms = ArmResult.Of(cells, training);
            var scored = ScoredArms.Of(cli, "seesaw", dataset, arms);
            var report = new SeesawReport(
                [
                    .. from model in seesaw.Models
                       from scenario in dataset.Description.Scenarios.Select((s, index) => (s.Name, Index: index))
                       select new SeesawRow(
                           model, scenario.Name, scored.CompareIn(scenario.Index, seesaw.Alone[scenario.Index], model),
                           model == seesaw.Models[0] ? null : scored.CompareIn(scenario.Index, seesaw.Models[0], model)),
                ], arms);
            var told = report.Model(output);
            Config.WriteFile(Path.Combine(output, "seesaw.json"), told);
            report.WriteTable(Path.Combine(output, "seesaw.csv"));
            cli.Terminal.Result(told, report.Print);
        });
        return verb;
    }
}
