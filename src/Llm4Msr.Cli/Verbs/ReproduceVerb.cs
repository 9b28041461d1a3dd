using System.CommandLine;
using System.Globalization;
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
        var user = new Option<string?>("--user") { Description = "figure5: whose case is shown [default: who liked most, of those who liked something in every scenario].", HelpName = "ID" };
        var again = new Option<bool>("--again") { Description = "table3: take the times again, though they were taken." };
        var template = PromptDefaults.TemplateOption();
        var verb = new Verb("reproduce", "A table or figure of the paper on any data, with intervals, beside the paper's numbers; or all of them, with the runs that they share.",
            "llm4msr reproduce table1 data --out paper",
            "llm4msr reproduce table2 data --knowledge knowledge.db --seeds 5 --jobs 2 --budget 2h --out paper",
            "llm4msr reproduce plm data --knowledge knowledge.db --text-encoder encoder.db --out paper",
            "llm4msr reproduce figure5 data --knowledge knowledge.db --user 7 --out paper",
            "llm4msr reproduce all data --knowledge knowledge.db --text-encoder encoder.db --seeds 5 --jobs 2 --budget 8h --out paper")
        {
            what, data, knowledge, encoder, user, template, seeds, budget, again,
        };
        foreach (var option in (IEnumerable<Option>)[.. grid.All, .. config.All])
            verb.Add(option);
        verb.SetAction(parsed =>
        {
            var trained = Reproduction.Trained;
            RequireThatEachIsRead(parsed,
            [
                (knowledge, [.. trained, Reproduced.Table3, Reproduced.Figure5]), (encoder, [Reproduced.Plm]), (user, [Reproduced.Figure5]), (template, [Reproduced.Figure5]),
                (again, [Reproduced.Table3]), (seeds, trained), (budget, trained), .. grid.Trained.Select(option => (option, trained)),
                .. config.All.Select(option => (option, (IReadOnlyList<Reproduced>)[.. trained, Reproduced.Table3])),
            ], parsed.GetValue(what));
            var (trials, jobs) = (grid.Trials(parsed), grid.Jobs(parsed));
            var limit = parsed.GetValue(budget) is { } text ? GridBudget.Parse(budget.Name, text) : null;
            var folder = parsed.GetRequiredValue(data);
            List<JsonObject> basis = [.. config.Read(parsed)];
            if (parsed.GetValue(seeds) is { } count)
                basis.Add(Config.Assign("seeds", count.ToString(CultureInfo.InvariantCulture)));
            var request = new ReproductionRequest(
                parsed.GetValue(what), folder, parsed.GetValue(knowledge) ?? [], parsed.GetValue(encoder), parsed.GetValue(user), PromptDefaults.Template(parsed.GetValue(template)),
                grid.Output(parsed), basis, SweepPlan.Settings(grid.Vary(parsed)), trials, jobs, limit, parsed.GetValue(again), TypedCommand.Of(parsed));
            var made = new Reproduction(cli, InteractionDataset.Open(folder), request).Make();
            cli.Terminal.Result(made.Model, made.Print);
        });
        return verb;
    }

    /// <summary>An option that nobody reads changes no result, and whoever says it believes that it does.</summary>
    /// <param name="readers">Who reads an option; <c>all</c> reads every one.</param>
    private static void RequireThatEachIsRead(ParseResult parsed, IReadOnlyList<(Option Option, IReadOnlyList<Reproduced> Readers)> readers, Reproduced what)
    {
        foreach (var (option, by) in readers.Where(r => parsed.GetResult(r.Option) is { Implicit: false }))
        {
            if (what != Reproduced.All && !by.Contains(what))
                throw new Llm4MsrException(FaultKind.Usage, $"{option.Name} belongs to {string.Join(", ", by.Order().Select(Spelling.Of))}, and {Spelling.Of(what)} does not read it. Leave it out.");
        }
    }
}
