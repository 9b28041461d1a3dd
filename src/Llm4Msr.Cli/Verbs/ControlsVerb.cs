using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Llm4Msr.Cli.Configuration;
using Llm4Msr.Cli.Grids;
using Llm4Msr.Data;
using Llm4Msr.Evaluation;
using Llm4Msr.Knowledge;
using Llm4Msr.Models;
using Llm4Msr.Platform;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr controls</c>: real knowledge against everything else that could explain its gain, and a verdict.</summary>
internal static class ControlsVerb
{
    private const string ResultFile = "controls.json", TableFile = "controls.csv";

    public static Command Create(Cli cli)
    {
        var (config, grid) = (new ConfigArguments(), new GridArguments());
        var data = new Argument<string>("data") { Description = "Folder written by 'llm4msr prepare'." };
        var knowledge = new Option<string>("--knowledge") { Description = "Knowledge store of this data.", HelpName = "KNOWLEDGE.db", Required = true };
        var state = new Option<string?>("--state") { Description = "Which hidden state is read [default: the first that the store names]." };
        var backbone = Spelling.MaybeOption<BackboneKind>("--backbone", $"The network for all scenarios [default: {Spelling.Of(new ModelOptions().Backbone)}].");
        var seeds = new Option<int?>("--seeds") { Description = "Models per trial [default: 1]." };
        var smallest = new Option<double>("--smallest-gain")
        {
            Description = "The least gain in mean AUC that matters: rows that would have shown it and do not say no.",
            DefaultValueFactory = _ => KnowledgeVerdict.DefaultSmallestGain,
        };
        var verb = new Verb("controls", "Does knowledge help beyond capacity? Real knowledge against none, shuffled, constant and random, and a verdict.",
            "llm4msr controls data --knowledge knowledge.db --backbone star --seeds 5 --out controls",
            "llm4msr controls data --knowledge knowledge.db --vary training.learningRate=0.001,0.0003 --jobs 2 --out controls")
        {
            data, knowledge, state, backbone, seeds, smallest,
        };
        foreach (var option in (IEnumerable<Option>)[.. grid.All, .. config.All])
            verb.Add(option);
        verb.SetAction(parsed =>
        {
            if (parsed.GetValue(smallest) is not (> 0 and < 0.5))
                throw new Llm4MsrException(FaultKind.Usage, FormattableString.Invariant($"--smallest-gain is {parsed.GetValue(smallest)}, expected more than 0 and less than 0.5, a difference in AUC."));
            var (trials, jobs) = (grid.Trials(parsed), grid.Jobs(parsed));
            List<JsonObject> basis = [.. config.Read(parsed), Config.Assign("knowledge", parsed.GetRequiredValue(knowledge))];
            foreach (var (key, value) in new[]
            {
                ("state", parsed.GetValue(state)),
                ("model.backbone", parsed.GetValue(backbone) is { } kind ? Spelling.Of(kind) : null),
                ("seeds", parsed.GetValue(seeds)?.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            })
            {
                if (value is not null)
                    basis.Add(Config.Assign(key, value));
            }
            var folder = parsed.GetRequiredValue(data);
            var dataset = InteractionDataset.Open(folder);
            var plan = GridPlan.Of(basis, ArmsOf(dataset, basis, parsed.GetRequiredValue(knowledge)), SweepPlan.Settings(grid.Vary(parsed)), trials, dataset.Description);
            return Run(cli, dataset, new TrainingGrid(cli, dataset, folder, grid.Output(parsed)), plan, grid.Output(parsed), jobs, parsed.GetValue(smallest));
        });
        return verb;
    }

    private static IReadOnlyList<Arm> ArmsOf(InteractionDataset data, IReadOnlyList<JsonObject> basis, string store)
    {
        var state = Config.ResolveWhatIsRead(basis, data.Description.Split.Kind).Config.State;
        using var open = KnowledgeStore.OpenForReading(store);
        return ControlArms.Of(open.Fingerprint.States, state ?? open.Fingerprint.States[0]);
    }

    private static int Run(Cli cli, InteractionDataset data, TrainingGrid grid, IReadOnlyList<Cell> plan, string output, int jobs, double smallestGain)
    {
        Libtorch.Require();
        grid.Train("controls", plan, jobs);
        var arms = ArmResult.Of(plan, grid);
        var real = arms.Single(a => a.Arm.Name == ControlArms.Real);
        var scored = ScoredArms.Of(cli, "controls", data, arms);
        var others = arms.Where(a => a != real).ToDictionary(a => a.Arm.Name, a => scored.Compare(a.Arm, real.Arm), StringComparer.Ordinal);
        var verdict = KnowledgeVerdict.Of([.. ControlArms.Deciding.Select(name => new ControlDifference(name, others[name].Mean))], smallestGain);

        var report = new ControlsReport(arms, others, verdict);
        DurableFile.WriteText(Path.Combine(output, ResultFile), JsonSerializer.Serialize(report.Model(output), Config.Json) + "\n");
        report.WriteTable(Path.Combine(output, TableFile));
        cli.Terminal.Result(report.Model(output), report.Print);
        return 0;
    }
}
