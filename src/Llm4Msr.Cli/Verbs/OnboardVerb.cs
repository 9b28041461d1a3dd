using System.CommandLine;
using Llm4Msr.Cli.Configuration;
using Llm4Msr.Cli.Grids;
using Llm4Msr.Data;
using Llm4Msr.Platform;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr onboard</c>: how a scenario starts of which nothing is known but its prompt.</summary>
internal static class OnboardVerb
{
    public static Command Create(Cli cli)
    {
        var (basis, grid) = (new GridBasis(), new GridArguments());
        var scenario = new Option<string>("--scenario") { Description = "The scenario that is left out of training, or all for each in turn.", DefaultValueFactory = _ => OnboardingPlan.All, HelpName = "NAME|all" };
        var verb = new Verb("onboard", "How does a new scenario start? One is left out of training and scored from its prompt alone, beside the model that was trained with it.",
            """llm4msr onboard data --knowledge knowledge.db --scenario "comedy and family" --out onboard""",
            "llm4msr onboard data --knowledge knowledge.db --backbone shared-bottom --seeds 3 --jobs 2 --out onboard")
        {
            scenario,
        };
        basis.AddTo(verb);
        foreach (var option in grid.All)
            verb.Add(option);
        verb.SetAction(parsed =>
        {
            var (trials, jobs) = (grid.Trials(parsed), grid.Jobs(parsed));
            var dataset = InteractionDataset.Open(basis.Data(parsed));
            var onboarding = OnboardingPlan.Of(dataset.Description, parsed.GetValue(scenario)!);
            var cells = GridPlan.Of(basis.Read(parsed), [.. onboarding.Arms], SweepPlan.Settings(grid.Vary(parsed)), trials, dataset.Description);
            Libtorch.Require();
            var output = grid.Output(parsed);
            var training = new TrainingGrid(cli, dataset, basis.Data(parsed), output);
            training.Train("onboard", cells, jobs);
            var arms = ArmResult.Of(cells, training);
            List<Onboarding> scenarios = [];
            cli.Terminal.WithProgress("onboard", onboarding.LeftOut.Count, report =>
            {
                foreach (var leftOut in onboarding.LeftOut)
                {
                    scenarios.Add(Onboarding.Of(dataset, leftOut, arms.Single(a => a.Arm == leftOut.Arm), arms[0], cli.Cancellation));
                    report(scenarios.Count, $"{scenarios.Count} of {onboarding.LeftOut.Count} scenarios");
                }
            });
            var report = new OnboardingReport(scenarios, arms);
            var model = report.Model(output);
            Config.WriteFile(Path.Combine(output, "onboard.json"), model);
            report.WriteTable(Path.Combine(output, "onboard.csv"));
            cli.Terminal.Result(model, report.Print);
        });
        return verb;
    }
}
