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
/// <param name="Model">The language model that was asked, which knows where it cut long titles; null for none.</param>
internal sealed record ReportMaker(
    ReportSources Sources, string? DataFolder, Part Part, EvaluationOptions Options, string? Store, PromptTemplate Template, string? User, string Command, string? Model = null)
{
    public ReportFigures Write(Cli cli, ReportFiles files)
    {
        var first = Sources.Runs[0].Folder;
        var data = ScoredRun.OpenData(first, DataFolder);
        var ranks = ScoredRun.RanksOf(data, Part, [.. Sources.Runs.Select(run => run.Folder)]);
        using var store = Store is null ? null : KnowledgeStore.OpenForReading(Store);
        store?.RequireInteractions(data.Description.InteractionsHash);
        var asked = store is null ? null : AskedModel.Of(store, Model);
        Sources.CheckKnowledge(data, store);

        ReportFigures? figures = null;
        cli.Terminal.WithProgress("report", 2 * Sources.Runs.Count, report =>
        {
            List<ReportedRun> runs = [];
            foreach (var run in Sources.Runs)
            {
                var config = ReportSources.ConfigOf(run, run.Folder.Knowledge is { } knowledge && store?.IsSourceOf(knowledge.Origin) == true ? Store : null);
                runs.Add(new ReportedRun(run.Name, run.Folder, ScoredRun.Of(run.Folder, data, ranks, _ => { }, cli.Cancellation, run.Seeds).Seeds, config));
                report(runs.Count, FormattableString.Invariant($"{runs.Count} of {Sources.Runs.Count} runs scored"));
            }
            var inputs = new ReportInputs(runs, data, DataFolder ?? Training.TrainingRun.DataFolderOf(first), Part, Command)
            {
                Controls = Sources.The<ControlsResult>(),
                Reproduced = [.. Sources.All<ReproducedResult>()],
                Times = Sources.The<TimesResult>(),
                Value = Sources.The<ValueResult>(),
                Protocols = Sources.The<ProtocolsResult>(),
                Reasoning = Sources.The<ReasoningCost>(),
                Knowledge = Sources.The<StoredKnowledge>(),
                Audit = Sources.The<LeakReport>(),
            };
            if (store is not null)
                inputs = WithStore(cli, inputs, store, ranks, asked is null ? null : asked.Cut);
            figures = ReportFigures.Of(inputs, Options,
                done => report(runs.Count + done, FormattableString.Invariant($"{done} of {runs.Count} runs compared")), cli.Cancellation);
        });
        files.Write(figures!);
        return figures!;
    }

    private ReportInputs WithStore(Cli cli, ReportInputs inputs, KnowledgeStore store, int[] ranks, Func<string, int, string>? cutTokens)
    {
        var real = inputs.RealOf(store);
        var trained = real is { ReadsEveryUser: true } ? real.Folder.Knowledge : null; // of others the run shows nothing, and that is no leak
        var audit = LeakAudit.Of(inputs.Data, store, Template, trained, cutTokens, _ => cli.Cancellation.ThrowIfCancellationRequested());
        return inputs with
        {
            Knowledge = new StoredKnowledge(store.Fingerprint, store.InteractionsHash, store.Count, store.ContentHash, KnowledgeQuality.Of(store)),
            Audit = inputs.Audit is { } given && given.ContentHash == store.ContentHash && ProvesMore(given, audit) ? given : audit,
            Case = CaseStudy.Of(inputs.Data, ranks, store, Template, real, User, cutTokens),
        };
    }

    /// <summary>As with the language model that was asked, or the template, which were not named here.</summary>
    private static bool ProvesMore(LeakReport given, LeakReport own) =>
        own.Verdict == LeakVerdict.NotProven && given.Users.Rederived + given.Scenarios.Rederived > own.Users.Rederived + own.Scenarios.Rederived;
}
