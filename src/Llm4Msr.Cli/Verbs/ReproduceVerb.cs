using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Llm4Msr.Cli.Configuration;
using Llm4Msr.Cli.Grids;
using Llm4Msr.Data;
using Llm4Msr.Platform;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr reproduce</c>: a table or figure of the paper on any prepared data, beside the paper's numbers.</summary>
internal static class ReproduceVerb
{
    public static Command Create(Cli cli)
    {
        var (config, grid) = (new ConfigArguments(), new GridArguments());
        var what = Spelling.Argument<Reproduced>("what", "Which table or figure; plm: a text encoder in the place of the language model.");
        var data = new Argument<string>("data") { Description = "Folder written by 'llm4msr prepare'." };
        var knowledge = new Option<string[]>("--knowledge") { Description = "Knowledge store of this data; figure4 takes several, whose T differs. Not for table1.", HelpName = "KNOWLEDGE.db" };
        var encoder = new Option<string?>("--text-encoder") { Description = "plm: knowledge of the same data from a text encoder.", HelpName = "KNOWLEDGE.db" };
        var seeds = new Option<int?>("--seeds") { Description = "Models per trial; a star needs two or more [default: 1]." };
        var budget = new Option<string?>("--budget") { Description = "How much is trained in one go: a number of cells, or a time like 30min. What is left out is said.", HelpName = "N|TIME" };
        var verb = new Verb("reproduce", "A table or figure of the paper on any data, with intervals, beside the paper's numbers.",
            "llm4msr reproduce table1 data --out paper",
            "llm4msr reproduce table2 data --knowledge knowledge.db --seeds 5 --jobs 2 --budget 2h --out paper",
            "llm4msr reproduce plm data --knowledge knowledge.db --text-encoder encoder.db --out paper")
        {
            what, data, knowledge, encoder, seeds, budget,
        };
        foreach (var option in (IEnumerable<Option>)[.. grid.All, .. config.All])
            verb.Add(option);
        verb.SetAction(parsed =>
        {
            var (trials, jobs) = (grid.Trials(parsed), grid.Jobs(parsed));
            var limit = parsed.GetValue(budget) is { } text ? GridBudget.Parse(budget.Name, text) : null;
            var folder = parsed.GetRequiredValue(data);
            var dataset = InteractionDataset.Open(folder);
            if (parsed.GetValue(what) == Reproduced.Table1)
            {
                PaperTable1.Write(cli, dataset.Description, grid.Output(parsed));
                return 0;
            }
            var request = new Request(parsed.GetValue(what), parsed.GetValue(knowledge) ?? [], parsed.GetValue(encoder), folder, grid.Output(parsed));
            var planned = ReproducedPlan.Of(request.What, request.Stores, request.TextEncoder);
            List<JsonObject> basis = [.. config.Read(parsed), Config.Assign("knowledge", request.Stores[0])];
            if (parsed.GetValue(seeds) is { } count)
                basis.Add(Config.Assign("seeds", count.ToString(CultureInfo.InvariantCulture)));
            var cells = GridPlan.Of(basis, [.. planned.Arms.Select(a => a.Arm)], SweepPlan.Settings(grid.Vary(parsed)), trials, dataset.Description, sharedByArms: true);
            GridPlan.Check(cells);
            if (request.What == Reproduced.Table3)
                PaperTable3.Write(cli, dataset, cells, request.Output);
            else
                Run(cli, dataset, request, planned, cells, jobs, limit);
            return 0;
        });
        return verb;
    }

    /// <param name="Data">Folder of the prepared data.</param>
    private sealed record Request(Reproduced What, IReadOnlyList<string> Stores, string? TextEncoder, string Data, string Output);

    private static void Run(Cli cli, InteractionDataset data, Request request, ReproducedPlan planned, IReadOnlyList<Cell> cells, int jobs, GridBudget? budget)
    {
        Libtorch.Require();
        var name = Spelling.Of(request.What);
        var grid = new TrainingGrid(cli, request.Data, request.Output);
        var leftOut = grid.Train(name, cells, jobs, budget).Select(c => c.Arm).Distinct().ToList(); // an arm without all its trials is not told
        var results = ArmResult.Of([.. cells.Where(c => !leftOut.Contains(c.Arm))], grid);
        var scored = ScoredArms.Of(cli, name, data, results);
        var arms = planned.Arms.ToDictionary(a => a.Arm);
        var rows = results.Select(result =>
        {
            var arm = arms[result.Arm];
            var baseline = results.FirstOrDefault(r => r.Arm.Name == arm.Baseline)?.Arm;
            return new ReproducedRow(arm, result, baseline is null ? null : scored.Compare(baseline, result.Arm));
        }).ToList();
        var table = new ReproducedTable(
            request.What, [.. data.Description.Scenarios.Select(s => s.Name)], rows, planned.PaperSays, Differences(data.Description, cells[0].Config, request),
            [.. leftOut.Select(arm => arm.Name)]);
        DurableFile.WriteText(Path.Combine(request.Output, name + ".json"), JsonSerializer.Serialize(table.Model(request.Output), Config.Json) + "\n");
        table.Write(Path.Combine(request.Output, name + ".csv"));
        cli.Terminal.Result(table.Model(request.Output), table.Print);
    }

    private static IReadOnlyList<string> Differences(DataDescription data, TrainConfig config, Request request) =>
    [
        $"data: {data.Source}, split {Spelling.Of(data.Split.Kind)}; the paper's are KuaiSAR-small, KuaiSAR and Amazon, split 8:1:1 in time.",
        .. (request.TextEncoder is { } encoder ? request.Stores.Append(encoder) : request.Stores).Select(ReproducedPlan.Fingerprint).Select(f =>
            $"knowledge: {f.Source}, {ReproducedPlan.History(f)}, protocol {Spelling.Of(f.Protocol)}; the paper's is ChatGLM2-6B's, and it does not say which rows its prompts may hold."),
        config.Preset == Preset.Paper
            ? "settings: the preset paper; what the paper leaves open is decided as docs/decisions.md says."
            : "settings: the preset default, which departs from equations 7 to 9; --set preset=paper takes them to the letter.",
    ];
}
