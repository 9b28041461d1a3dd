using System.CommandLine;
using Llm4Msr.Cli.Configuration;
using Llm4Msr.Cli.Grids;
using Llm4Msr.Data;
using Llm4Msr.Platform;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr protocols</c>: how much of a gain is leakage.</summary>
internal static class ProtocolsVerb
{
    private const string ResultFile = "protocols.json", TableFile = "protocols.csv";

    public static Command Create(Cli cli)
    {
        var (basis, grid) = (new GridBasis(knowledge: null), new GridArguments());
        var knowledge = new Option<string[]>("--knowledge")
        {
            Description = "Knowledge stores of this data, one for each protocol, else alike.",
            HelpName = "KNOWLEDGE.db",
            Required = true,
            AllowMultipleArgumentsPerToken = true,
        };
        var (template, model) = (PromptDefaults.TemplateOption(), PromptDefaults.ModelOption());
        var verb = new Verb("protocols", "How much of a gain is leakage? The same knowledge under protocols that differ in what a prompt may hold, real, of another user, and none.",
            "llm4msr protocols data --knowledge past-only.db train-part.db whole-period.db --backbone shared-bottom --seeds 3 --out protocols")
        {
            knowledge, template, model,
        };
        basis.AddTo(verb);
        foreach (var option in grid.All)
            verb.Add(option);
        verb.SetAction(parsed =>
        {
            var (trials, jobs, settings) = (grid.Trials(parsed), grid.Jobs(parsed), SweepPlan.Settings(grid.Vary(parsed)));
            var dataset = InteractionDataset.Open(basis.Data(parsed));
            var stores = ProtocolStores.Of(dataset, parsed.GetRequiredValue(knowledge), PromptDefaults.Template(parsed.GetValue(template)), parsed.GetValue(model), cli.Cancellation);
            var plan = GridPlan.Of(basis.Read(parsed), [stores[0].None, .. stores.SelectMany(store => new[] { store.Real, store.Shuffled })], settings, trials, dataset.Description);
            GridCheck.Options(plan);
            if (plan.Any(cell => !cell.Config.KeepRowsWithoutKnowledge))
                throw new Llm4MsrException(FaultKind.Usage, "keepRowsWithoutKnowledge is false, and so each protocol would be trained on the rows that see its own snapshots. Leave it out: protocols are compared on the same rows.");
            Libtorch.Require();
            var output = grid.Output(parsed);
            var training = new TrainingGrid(cli, dataset, basis.Data(parsed), output);
            training.Train("protocols", plan, jobs);
            var report = Report(cli, dataset, stores, ArmResult.Of(plan, training));
            var told = report.Model(output);
            Config.WriteFile(Path.Combine(output, ResultFile), told);
            report.WriteTable(Path.Combine(output, TableFile));
            cli.Terminal.Result(told, report.Print);
        });
        return verb;
    }

    private static ProtocolsReport Report(Cli cli, InteractionDataset data, IReadOnlyList<ProtocolStore> stores, IReadOnlyList<ArmResult> arms)
    {
        var scored = ScoredArms.Of(cli, "protocols", data, arms);
        var results = arms.ToDictionary(arm => arm.Arm.Name, StringComparer.Ordinal);
        var reference = Leakage.Reference(stores.ToDictionary(s => s.Protocol, s => (long)s.Test.Affected));
        List<ProtocolGain> gains =
        [
            .. from store in stores
               let leaks = store.Test.Affected > 0 && reference is not null
               let prompts = new[] { store.Audit.Users, store.Audit.Scenarios }
               select new ProtocolGain(
                   store.Protocol, results[store.Real.Name].TestAuc, scored.Compare(stores[0].None, store.Real).Mean, scored.Compare(store.Shuffled, store.Real).Mean,
                   store.Audit.HasPrompts ? prompts.Sum(p => p.Total) : store.Audit.Snapshots, prompts.Sum(p => p.Rederived),
                   store.Test.Rows, store.Test.WithKnowledge, store.Test.SeeThemselves, store.Test.SeeTheirFuture, store.Test.Affected,
                   leaks ? scored.Compare(stores.Single(s => s.Protocol == reference).Real, store.Real).Mean : null),
        ];
        return new ProtocolsReport(arms, gains, ProtocolStores.Differences(stores));
    }
}
