using System.CommandLine;
using System.Globalization;
using Llm4Msr.Cli.Configuration;
using Llm4Msr.Cli.Grids;
using Llm4Msr.Data;
using Llm4Msr.Evaluation;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr value</c>: how much AUC for how many hours of a language model, and where to stop.</summary>
internal static class ValueVerb
{
    private const string ResultFile = "value.json", TableFile = "value.csv";

    private static readonly double[] s_percents = [10, 25, 50];

    public static Command Create(Cli cli)
    {
        var (basis, grid, hours) = (new GridBasis("Knowledge store of this data, of all users: cheaper policies read a part of it."), new GridArguments(), new LanguageModelHours());
        var active = new Option<double[]>("--active")
        {
            Description = $"Percentages of the users, the most active by their training interactions, each a policy [default: {string.Join(',', s_percents)}].",
            CustomParser = ParsePercents,
            HelpName = "10,25,50",
        };
        var smallest = SmallestGain.Option("The least gain in mean AUC that is worth a dearer policy.");
        var verb = new Verb("value", "What knowledge is worth its price? AUC against hours of a language model: for nobody, scenarios alone, the most active users, all users; and where to stop.",
            "llm4msr value data --knowledge knowledge.db --backbone star --seeds 3 --hours 1.5 --out value",
            "llm4msr value data --knowledge knowledge.db --active 5,20,60 --model SmolLM2-135M-Instruct.Q4_1.gguf --jobs 2 --out value")
        {
            active, smallest,
        };
        basis.AddTo(verb);
        foreach (var option in (IEnumerable<Option>)[.. hours.All, .. grid.All])
            verb.Add(option);
        verb.SetAction(parsed =>
        {
            var (trials, jobs, least) = (grid.Trials(parsed), grid.Jobs(parsed), SmallestGain.Read(parsed, smallest));
            var dataset = InteractionDataset.Open(basis.Data(parsed));
            using var store = KnowledgeStore.OpenForReading(basis.Knowledge(parsed)!);
            store.RequireInteractions(dataset.Description.InteractionsHash);
            var policies = ValuePolicies.Of(dataset, store, parsed.GetValue(active) is { Length: > 0 } percents ? percents : s_percents);
            var plan = GridPlan.Of(basis.Read(parsed), [.. policies.Select(p => p.Arm)], SweepPlan.Settings(grid.Vary(parsed)), trials, dataset.Description);
            GridCheck.Options(plan);
            if (plan.Any(cell => !cell.Config.KeepRowsWithoutKnowledge))
                throw new Llm4MsrException(FaultKind.Usage, "keepRowsWithoutKnowledge is false, and so the fewer users a policy asks about, the fewer rows it would train on. Leave it out: the policies are compared on the same rows.");
            Libtorch.Require();
            var (whole, from) = hours.Read(cli, parsed, dataset, store);
            var output = grid.Output(parsed);
            var training = new TrainingGrid(cli, dataset, basis.Data(parsed), output);
            training.Train("value", plan, jobs);
            var report = Report(cli, dataset, policies, ArmResult.Of(plan, training), least, whole, from);
            var model = report.Model(output);
            Config.WriteFile(Path.Combine(output, ResultFile), model);
            report.WriteTable(Path.Combine(output, TableFile));
            cli.Terminal.Result(model, report.Print);
        });
        return verb;
    }

    private static ValueReport Report(
        Cli cli, InteractionDataset data, IReadOnlyList<ValuePolicy> policies, IReadOnlyList<ArmResult> arms, double smallestGain, double? hours, string hoursFrom)
    {
        var scored = ScoredArms.Of(cli, "value", data, arms);
        return new ValueReport(
            [.. policies.Zip(arms)],
            [.. arms.Skip(1).Select(arm => scored.Compare(arms[0].Arm, arm.Arm))],
            StoppingPoint.Of(arms.Count, (first, second) => scored.Compare(arms[first].Arm, arms[second].Arm).Mean, smallestGain), hours, hoursFrom);
    }

    private static double[]? ParsePercents(System.CommandLine.Parsing.ArgumentResult result)
    {
        List<double> percents = [];
        foreach (var text in result.Tokens.SelectMany(token => token.Value.Split(',')))
        {
            if (!double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent))
            {
                result.AddError($"--active is '{text}', expected percentages like 10,25,50.");
                return null;
            }
            percents.Add(percent);
        }
        return [.. percents];
    }
}
