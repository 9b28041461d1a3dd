using System.Text.Json.Nodes;
using Llm4Msr.Cli.Configuration;
using Llm4Msr.Data;
using Llm4Msr.Evaluation;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning.Prompts;

namespace Llm4Msr.Cli.Grids;

/// <summary>What was asked for.</summary>
/// <param name="Data">Folder of the prepared data.</param>
/// <param name="Stores">Knowledge stores.</param>
/// <param name="TextEncoder">The store of a text encoder; null for none.</param>
/// <param name="User">Of the case study; null for one that is chosen.</param>
/// <param name="Output">Folder of all runs.</param>
/// <param name="Basis">What all trainings have in common.</param>
/// <param name="Again">Whether times are taken again that are there.</param>
/// <param name="Command">As it was typed.</param>
internal sealed record ReproductionRequest(
    Reproduced What, string Data, IReadOnlyList<string> Stores, string? TextEncoder, string? User, PromptTemplate Template, string Output,
    IReadOnlyList<JsonObject> Basis, IReadOnlyList<IReadOnlyDictionary<string, string>> Settings, int Trials, int Jobs, GridBudget? Budget, bool Again, string Command);

/// <summary>Something that <c>reproduce all</c> does not make, and why.</summary>
internal sealed record NotReproduced(Reproduced What, string Reason);

/// <summary>Makes tables and figures of the paper from runs that they share.</summary>
internal sealed class Reproduction(Cli cli, InteractionDataset data, ReproductionRequest request)
{
    public static readonly IReadOnlyList<Reproduced> Trained = [Reproduced.Table2, Reproduced.Figure3, Reproduced.Figure4, Reproduced.Plm];

    private readonly TrainingGrid _grid = new(cli, data, request.Data, request.Output);

    /// <summary>What was asked for: one of them into the folder of the runs, or all.</summary>
    public ReproducedPart Make()
    {
        var what = request.What;
        if (what == Reproduced.All)
            return MakeAll();
        if (what is Reproduced.Table1 or Reproduced.Figure5)
            return MakeWithoutPlan(what, request.Output);
        var (planned, cells) = Plan(what);
        if (what == Reproduced.Table3)
            return PaperTable3.Of(cli, data, cells, request.Output, request.Again);
        Libtorch.Require();
        return Table(what, planned, cells, _grid.Train(Spelling.Of(what), cells, request.Jobs, request.Budget), request.Output);
    }

    /// <summary>
    /// All that the inputs allow, each into a folder of its own beside the runs. Everything is planned before anything is
    /// trained, so that what is wrong is said at once and what two of them need is trained once.
    /// </summary>
    private ReproducedPart MakeAll()
    {
        var page = new ReportFiles(Path.Combine(request.Output, "report.html"));
        page.CheckFree();
        var leftOut = Enum.GetValues<Reproduced>().Where(what => what != Reproduced.All).Select(what => (What: what, Reason: WhyNot(what))).ToList();
        List<Reproduced> made = [.. leftOut.Where(w => w.Reason is null).Select(w => w.What)];
        var plans = made.Where(what => what is not (Reproduced.Table1 or Reproduced.Figure5)).ToDictionary(what => what, Plan);
        Libtorch.Require();
        var trained = plans.Where(p => Trained.Contains(p.Key)).SelectMany(p => p.Value.Cells);
        var untrained = _grid.Train("reproduce", [.. trained], request.Jobs, request.Budget).Select(c => c.Name).ToHashSet(StringComparer.Ordinal);
        List<ReproducedPart> parts = [];
        foreach (var what in made)
        {
            cli.Cancellation.ThrowIfCancellationRequested();
            var output = Path.Combine(request.Output, Spelling.Of(what));
            parts.Add(!plans.TryGetValue(what, out var plan) ? MakeWithoutPlan(what, output)
                : what == Reproduced.Table3 ? PaperTable3.Of(cli, data, plan.Cells, output, request.Again)
                : Table(what, plan.Planned, plan.Cells, [.. plan.Cells.Where(c => untrained.Contains(c.Name))], output));
        }
        return new ReproducedAll(parts, [.. leftOut.Where(w => w.Reason is not null).Select(w => new NotReproduced(w.What, w.Reason!))], untrained.Count, WriteReport(page, parts)).Write(request.Output);
    }

    /// <summary>Everything that was made on one page, whatever else lies in the folder; null where no arm has all its trials, so that there is nothing that it could tell of.</summary>
    private string? WriteReport(ReportFiles files, IReadOnlyList<ReproducedPart> parts)
    {
        if (!parts.Any(p => p.HasRuns))
            return null;
        var told = parts.Select(p => Spelling.Of(p.What)).Where(name => ResultFile.Names.Contains(name + ".json")).Select(name => Path.Combine(request.Output, name, name + ".json"));
        new ReportMaker(
            ReportSources.Of([.. told]), request.Data, Part.Test, new EvaluationOptions(), request.Stores[0], request.Template, request.User, request.Command).Write(cli, files);
        return files.Page;
    }

    private ReproducedPart MakeWithoutPlan(Reproduced what, string output)
    {
        if (what == Reproduced.Table1)
            return PaperTable1.Of(data.Description, output);
        var (stores, textEncoder) = InputsOf(what);
        ReproducedPlan.RequireStores(what, stores, textEncoder);
        using var store = KnowledgeStore.OpenForReading(stores[0]);
        return PaperFigure5.Of(data, store, request.User, request.Template, output);
    }

    /// <returns>Why the inputs do not allow it; null where they do.</returns>
    private string? WhyNot(Reproduced what)
    {
        if (what == Reproduced.Table1)
            return null;
        if (request.Stores.Count == 0)
            return "it needs --knowledge KNOWLEDGE.db, made by 'llm4msr reason'";
        if (what == Reproduced.Plm && request.TextEncoder is null)
            return "it needs --text-encoder STORE.db, knowledge of the same data from a text encoder ('llm4msr knowledge encode')";
        if (what != Reproduced.Figure5)
            return null;
        using var store = KnowledgeStore.OpenForReading(request.Stores[0]);
        return PaperFigure5.WhyNot(store);
    }

    /// <summary>Of what was given for all, what this one takes; of what was given for one, everything, so that it is told where it is wrong.</summary>
    private (IReadOnlyList<string> Stores, string? TextEncoder) InputsOf(Reproduced what) => request.What != Reproduced.All
        ? (request.Stores, request.TextEncoder)
        : (what == Reproduced.Figure4 ? request.Stores : [request.Stores[0]], what == Reproduced.Plm ? request.TextEncoder : null);

    private (ReproducedPlan Planned, IReadOnlyList<Cell> Cells) Plan(Reproduced what)
    {
        var (stores, textEncoder) = InputsOf(what);
        var planned = ReproducedPlan.Of(what, stores, textEncoder);
        var cells = GridPlan.Of(
            [.. request.Basis, Config.Assign("knowledge", request.Stores[0])], [.. planned.Arms.Select(a => a.Arm)], request.Settings, request.Trials, data.Description, sharedByArms: true);
        GridCheck.Options(cells);
        return (planned, cells);
    }

    /// <param name="untrained">Cells that the budget left out.</param>
    private ReproducedPart Table(Reproduced what, ReproducedPlan planned, IReadOnlyList<Cell> cells, IReadOnlyList<Cell> untrained, string output)
    {
        var name = Spelling.Of(what);
        var leftOut = untrained.Select(c => c.Arm).Distinct().ToList(); // an arm without all its trials is not told
        var results = ArmResult.Of([.. cells.Where(c => !leftOut.Contains(c.Arm))], _grid);
        var scored = ScoredArms.Of(cli, name, data, results);
        var arms = planned.Arms.ToDictionary(a => a.Arm);
        var rows = results.Select(result =>
        {
            var arm = arms[result.Arm];
            var baseline = results.FirstOrDefault(r => r.Arm.Name == arm.Baseline)?.Arm;
            return new ReproducedRow(arm, result, baseline is null ? null : scored.Compare(baseline, result.Arm));
        }).ToList();
        var table = new ReproducedTable(
            what, [.. data.Description.Scenarios.Select(s => s.Name)], rows, planned.PaperSays, Differences(cells[0].Config, InputsOf(what)), [.. leftOut.Select(arm => arm.Name)]);
        Directory.CreateDirectory(output);
        var model = table.Model(output);
        Config.WriteFile(Path.Combine(output, name + ".json"), model);
        table.Write(Path.Combine(output, name + ".csv"));
        return new ReproducedPart(what, model, table.Print, HasRuns: rows.Count > 0);
    }

    private IReadOnlyList<string> Differences(TrainConfig config, (IReadOnlyList<string> Stores, string? TextEncoder) inputs) =>
    [
        $"data: {data.Description.Source}, split {Spelling.Of(data.Description.Split.Kind)}; the paper's are KuaiSAR-small, KuaiSAR and Amazon, split 8:1:1 in time.",
        .. (inputs.TextEncoder is { } encoder ? inputs.Stores.Append(encoder) : inputs.Stores).Select(ReproducedPlan.Fingerprint).Select(f =>
            $"knowledge: {f.Source}, {ReproducedPlan.History(f)}, protocol {Spelling.Of(f.Protocol)}; the paper's is ChatGLM2-6B's, and it does not say which rows its prompts may hold."),
        config.Preset == Preset.Paper
            ? "settings: the preset paper; what the paper leaves open is decided as docs/decisions.md says."
            : "settings: the preset default, which departs from equations 7 to 9; --set preset=paper takes them to the letter.",
    ];
}
