using Llm4Msr.Data;
using Llm4Msr.Evaluation;
using Llm4Msr.Knowledge;
using Llm4Msr.Reasoning.Audit;
using Llm4Msr.Reasoning.Prompts;

namespace Llm4Msr.Cli;

/// <summary>Scores the runs, reads the store, and writes the report.</summary>
/// <param name="DataFolder">Null for where they lay when the first run was trained.</param>
/// <param name="Store">Null for no knowledge store.</param>
/// <param name="User">Of the case study; null for the one with the most rows.</param>
/// <param name="Command">What was typed.</param>
internal sealed record ReportMaker(
    ReportSources Sources, string? DataFolder, Part Part, EvaluationOptions Options, string? Store, PromptTemplate Template, string? User, string Command)
{
    public ReportFigures Write(Cli cli, ReportFiles files)
    {
        var first = Sources.Runs[0].Folder;
        var data = ScoredRun.OpenData(first, DataFolder);
        var ranks = ScoredRun.RanksOf(data, Part, [.. Sources.Runs.Select(run => run.Folder)]);
        using var store = Store is null ? null : KnowledgeStore.OpenForReading(Store);
        store?.RequireInteractions(data.Description.InteractionsHash);

        ReportFigures? figures = null;
        cli.Terminal.WithProgress("report", 2 * Sources.Runs.Count, report =>
        {
            List<ReportedRun> runs = [];
            foreach (var (name, folder) in Sources.Runs)
            {
                var config = ReportSources.ConfigOf(folder, store?.ContentHash == folder.Knowledge?.Origin.ContentHash ? Store : null);
                runs.Add(new ReportedRun(name, folder, ScoredRun.Of(folder, data, ranks, _ => { }, cli.Cancellation).Seeds, config));
                report(runs.Count, FormattableString.Invariant($"{runs.Count} of {Sources.Runs.Count} runs scored"));
            }
            var inputs = new ReportInputs(runs, data, DataFolder ?? Training.TrainingRun.DataFolderOf(first), Part, Command)
            {
                Controls = Sources.The<ControlsResult>(),
                Reproduced = [.. Sources.Results.OfType<ReproducedResult>()],
                Times = Sources.The<TimesResult>(),
                Value = Sources.The<ValueResult>(),
                Protocols = Sources.The<ProtocolsResult>(),
                Reasoning = Sources.The<ReasoningCost>(),
                Knowledge = Sources.The<StoredKnowledge>(),
                Audit = Sources.The<LeakReport>(),
            };
            if (store is not null)
                inputs = WithStore(cli, inputs, store, ranks);
            figures = ReportFigures.Of(inputs, Options,
                done => report(runs.Count + done, FormattableString.Invariant($"{done} of {runs.Count} runs compared")), cli.Cancellation);
        });
        files.Write(figures!);
        return figures!;
    }

    private ReportInputs WithStore(Cli cli, ReportInputs inputs, KnowledgeStore store, int[] ranks)
    {
        var real = inputs.Runs.FirstOrDefault(run => run.Folder.Knowledge?.Origin.ContentHash == store.ContentHash && run.Folder.Description.Knowledge!.Arm == Models.KnowledgeArm.Real);
        return inputs with
        {
            Knowledge = new StoredKnowledge(store.Fingerprint, store.InteractionsHash, store.Count, store.ContentHash, KnowledgeQuality.Of(store)),
            Audit = LeakAudit.Of(inputs.Data, store, Template, real?.Folder.Knowledge, eachRecord: _ => cli.Cancellation.ThrowIfCancellationRequested()),
            Case = CaseStudy.Of(inputs.Data, ranks, store, Template, real, User),
        };
    }
}
