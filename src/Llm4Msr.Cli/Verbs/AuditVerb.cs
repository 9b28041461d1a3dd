using System.CommandLine;
using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Models;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning.Audit;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr audit</c>: is a gain real, or has a model seen what it was to predict?</summary>
internal static class AuditVerb
{
    public static Command Create(Cli cli) => new Verb("audit", "Check that nothing saw what it was to predict.",
        "llm4msr audit leak data --knowledge knowledge.db") { Leak(cli) };

    private static Verb Leak(Cli cli)
    {
        var data = new Argument<string>("data") { Description = "Folder written by 'llm4msr prepare'." };
        var run = new Argument<string?>("run") { Description = "Run that was trained with the knowledge: what its rows saw is checked too.", Arity = ArgumentArity.ZeroOrOne };
        var knowledge = new Option<string>("--knowledge") { Description = "Knowledge store of this data.", HelpName = "KNOWLEDGE.db", Required = true };
        var template = PromptDefaults.TemplateOption();
        var model = PromptDefaults.ModelOption();
        var verb = new Verb("leak", "Write every stored prompt again from the data, and check that it keeps to its protocol; exit code 3 where one does not, or cannot be checked.",
            "llm4msr audit leak data --knowledge knowledge.db", "llm4msr audit leak data runs/star-llm4msr --knowledge knowledge.db --json")
        {
            data, run, knowledge, template, model,
        };
        verb.SetAction(parsed =>
        {
            var dataset = InteractionDataset.Open(parsed.GetRequiredValue(data));
            using var store = KnowledgeStore.OpenForReading(parsed.GetRequiredValue(knowledge));
            var trained = parsed.GetValue(run) is { } folder ? TrainedWith(folder) : null;
            var asked = AskedModel.Of(store, parsed.GetValue(model));
            LeakReport? report = null;
            cli.Terminal.WithProgress("audit", store.Count, progress => report = LeakAudit.Of(
                dataset, store, PromptDefaults.Template(parsed.GetValue(template)), trained, asked is null ? null : asked.Cut, read =>
                {
                    cli.Cancellation.ThrowIfCancellationRequested();
                    progress(read, FormattableString.Invariant($"{read:N0} records"));
                }));
            cli.Terminal.Result(report!, console => AuditReport.Print(console, store.Fingerprint, dataset.Description.Split.Kind, trained is not null, asked is not null, report!));
            return report!.Verdict is LeakVerdict.NoLeak or LeakVerdict.NoLeakAsDeclared ? 0 : (int)FaultKind.CheckFailed;
        });
        return verb;
    }

    private static KnowledgeTable TrainedWith(string run) => ModelFolder.Open(run).Knowledge
        ?? throw new Llm4MsrException(FaultKind.Usage, $"The model in '{run}' reads no knowledge, so that there is nothing to audit. Leave the run out to audit the store.");
}
