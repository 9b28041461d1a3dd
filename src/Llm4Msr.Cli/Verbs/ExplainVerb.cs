using System.CommandLine;
using Llm4Msr.Data;
using Llm4Msr.Models;
using Llm4Msr.Platform;
using Llm4Msr.Serving;
using TorchSharp;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr explain</c>: what one prediction hangs on.</summary>
internal static class ExplainVerb
{
    public static Command Create(Cli cli)
    {
        var run = new Argument<string>("run") { Description = "Folder written by 'llm4msr train'." };
        var row = new Option<int?>("--row") { Description = "Rank of an interaction of the data; it sees what the protocol shows it.", HelpName = "RANK" };
        var user = new Option<string?>("--user") { Description = "With --item and --scenario: a user's id, seen with their newest knowledge." };
        var item = new Option<string?>("--item") { Description = "An item's id." };
        var scenario = new Option<string?>("--scenario") { Description = "A scenario's name." };
        var context = new Option<string[]>("--context") { Description = "With --user: a context field of the row; may be said again.", HelpName = "FIELD=VALUE" };
        var seed = new Option<int?>("--seed") { Description = "Which of the run's models [default: the first]." };
        var data = new Option<string?>("--data") { Description = "Prepared data [default: the folder that the run was trained on]." };
        var knowledge = new Option<string?>("--knowledge") { Description = "Store that the run was trained with: shows what was said about user and scenario, and what was asked.", HelpName = "KNOWLEDGE.db" };
        var template = PromptDefaults.TemplateOption();
        var asked = PromptDefaults.ModelOption();
        var verb = new Verb("explain", "What one prediction hangs on: the same row scored again without knowledge, with a neighbour's, and without each field.",
            "llm4msr explain runs/star-llm4msr --row 75930 --knowledge knowledge.db",
            """llm4msr explain runs/star --user 7 --item 12 --scenario "comedy and family" """.TrimEnd())
        {
            run, row, user, item, scenario, context, seed, data, knowledge, template, asked,
        };
        verb.SetAction(parsed =>
        {
            Libtorch.Require();
            torch.set_num_threads(1);
            var folder = ScoredRun.Open(parsed.GetRequiredValue(run));
            var chosen = parsed.GetValue(seed) ?? folder.Seeds[0];
            var given = ContextOf(folder, parsed.GetValue(context) ?? []);
            using var explainer = PredictionExplainer.Load(folder, chosen);
            var explanation = (parsed.GetValue(row), parsed.GetValue(user), parsed.GetValue(item), parsed.GetValue(scenario)) switch
            {
                ({ } rank, null, null, null) when given.Count == 0 => OfRow(explainer, ScoredRun.OpenData(folder, parsed.GetValue(data)), rank, folder),
                ({ }, null, null, null) => throw new Llm4MsrException(FaultKind.Usage, "--context belongs to --user: a row of the data has its own. Leave it out."),
                (null, { } u, { } i, { } name) => explainer.Explain(new RawRow(
                    ScenarioOf(folder, name), u, i, [.. ContextFields(folder).Select(field => given.GetValueOrDefault(field, ""))])),
                _ => throw new Llm4MsrException(FaultKind.Usage, "Say either --row RANK, or --user ID, --item ID and --scenario NAME."),
            };
            string[] notGiven = explanation.Rank is null ? [.. ContextFields(folder).Where(field => !given.ContainsKey(field))] : [];
            var evidence = parsed.GetValue(knowledge) is { } store
                ? Evidence.Of(folder, explanation, store, parsed.GetValue(data), PromptDefaults.Template(parsed.GetValue(template)), parsed.GetValue(asked))
                : null;
            var model = ModelName.Of(folder.Description.Options, folder.Description.Knowledge?.Arm);
            cli.Terminal.Result(
                new { run = folder.Path, seed = chosen, model, explanation, notGiven, evidence, caution = evidence is null ? null : ExplanationReport.Caution },
                console => ExplanationReport.Print(console, model, chosen, explanation, notGiven, evidence));
        });
        return verb;
    }

    private static Explanation OfRow(PredictionExplainer explainer, InteractionDataset data, int rank, ModelFolder folder)
    {
        if (rank < 0 || rank >= data.Interactions.Count)
            throw new Llm4MsrException(FaultKind.Usage, FormattableString.Invariant($"--row is {rank}, expected a rank from 0 to {data.Interactions.Count - 1}."));
        var scenario = folder.Encoder.Scenarios[data.Interactions.Scenario[rank]].Name;
        return folder.Description.Scenarios?.Contains(scenario) != false
            ? explainer.Explain(data, rank)
            : throw new Llm4MsrException(FaultKind.Usage, FormattableString.Invariant($"--row {rank} is of '{scenario}', which the model was not trained on. It knows: {string.Join(", ", folder.Description.Scenarios)}."));
    }

    private static IEnumerable<string> ContextFields(ModelFolder folder) => folder.Encoder.Schema.Of(FieldOwner.Context).Select(field => field.Name);

    private static Dictionary<string, string> ContextOf(ModelFolder folder, IReadOnlyList<string> assignments)
    {
        var fields = ContextFields(folder).ToList();
        var given = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var assignment in assignments)
        {
            if (assignment.Split('=', 2) is not [var field, var value])
                throw new Llm4MsrException(FaultKind.Usage, $"--context is '{assignment}', expected FIELD=VALUE.");
            if (!fields.Contains(field))
            {
                throw new Llm4MsrException(FaultKind.Usage, $"--context names '{field}'. "
                    + (fields.Count == 0 ? "The model reads no context fields." : $"The model reads: {string.Join(", ", fields)}.{Nearest.Hint(field, fields)}"));
            }
            if (!given.TryAdd(field, value))
                throw new Llm4MsrException(FaultKind.Usage, $"--context names '{field}' twice. Say it once.");
        }
        return given;
    }

    private static int ScenarioOf(ModelFolder folder, string name)
    {
        var names = folder.Description.Scenarios ?? [.. folder.Encoder.Scenarios.Select(s => s.Name)];
        return names.Contains(name) ? folder.Encoder.Scenarios.ToList().FindIndex(s => s.Name == name) : throw new Llm4MsrException(
            FaultKind.Usage, $"--scenario is '{name}'. The model knows: {string.Join(", ", names)}.{Nearest.Hint(name, names)}");
    }
}
