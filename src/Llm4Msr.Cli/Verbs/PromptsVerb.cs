using System.CommandLine;
using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning;
using Llm4Msr.Reasoning.Prompts;
using Spectre.Console;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr prompts</c>: what the language model will be asked.</summary>
internal static class PromptsVerb
{
    public static Command Create(Cli cli) => new Verb("prompts", "Look at what the language model will be asked.",
        "llm4msr prompts show data --user 7") { Show(cli), Template(cli) };

    private static Verb Show(Cli cli)
    {
        var data = new Argument<string>("data") { Description = "Folder written by 'llm4msr prepare'." };
        var user = new Option<string?>("--user") { Description = "A user's id." };
        var scenario = new Option<string?>("--scenario") { Description = "A scenario's name." };
        var history = new Option<int>("--history") { Description = "T: the most items of one scenario.", DefaultValueFactory = _ => PromptDefaults.History };
        var protocol = PromptDefaults.ProtocolOption();
        var template = PromptDefaults.TemplateOption();
        var verb = new Verb("show", "Print the prompts of a user or a scenario.",
            "llm4msr prompts show data --user 7", """llm4msr prompts show data --scenario "comedy and family" """.TrimEnd())
        {
            data, user, scenario, history, protocol, template,
        };
        verb.SetAction(parsed =>
        {
            AtLeast.Check(1, ("--history", parsed.GetValue(history)));
            var dataset = InteractionDataset.Open(parsed.GetRequiredValue(data));
            var builder = new PromptBuilder(dataset, PromptDefaults.Template(parsed.GetValue(template)));
            var prompts = (parsed.GetValue(user), parsed.GetValue(scenario)) switch
            {
                ({ } id, null) => UserPrompts(dataset, builder, id, parsed.GetValue(protocol).Value, parsed.GetValue(history)),
                (null, { } name) => [new ShownPrompt(null, ScenarioPrompt(dataset, builder, name))],
                _ => throw new Llm4MsrException(FaultKind.Usage, "Say either --user ID or --scenario NAME."),
            };
            cli.Terminal.Result(prompts, console =>
            {
                foreach (var shown in prompts)
                {
                    if (shown.AsOfRank is { } rank)
                        console.WriteLine(FormattableString.Invariant($"As of rank {rank} ({DateTimeOffset.FromUnixTimeSeconds(dataset.Interactions.Time[rank - 1]):yyyy-MM-dd}):"));
                    console.WriteLine(shown.Prompt.Text);
                    if (shown.Prompt.AnswerOpening.Length > 0)
                        console.WriteLine($"(the answer opens with: {shown.Prompt.AnswerOpening})");
                    console.WriteLine();
                }
            });
        });
        return verb;
    }

    private sealed record ShownPrompt(int? AsOfRank, Prompt Prompt);

    private static IReadOnlyList<ShownPrompt> UserPrompts(InteractionDataset data, PromptBuilder builder, string id, KnowledgeProtocol protocol, int history)
    {
        if (!data.Encoder.Users.Contains(id))
            throw new Llm4MsrException(FaultKind.BadInput, $"There is no user '{id}' in the data. They are named as in the logs: the first is '{data.Encoder.Users.Keys[0]}'.");
        var user = data.Encoder.Users.RowOf(id);
        var timeline = new UserTimeline(data.Interactions.User, data.Encoder.Users.Count);
        var prompts = SnapshotPlan.RanksFor(data, timeline, protocol, user)
            .Select(rank => UserHistory.Of(data.Interactions, timeline, user, rank, data.Description.Scenarios.Count, history))
            .Where(h => h.Liked.Count > 0)
            .Select(h => new ShownPrompt(h.AsOfRank, builder.ForUser(h)))
            .ToList();
        return prompts.Count > 0 ? prompts : throw new Llm4MsrException(FaultKind.BadInput,
            $"The user '{id}' has no positive interaction before any snapshot of the protocol {Spelling.Of(protocol)}, and is not asked about.");
    }

    private static Prompt ScenarioPrompt(InteractionDataset data, PromptBuilder builder, string name)
    {
        var names = data.Description.Scenarios.Select(s => s.Name).ToList();
        var index = names.IndexOf(name);
        return index >= 0 ? builder.ForScenario(index) : throw new Llm4MsrException(FaultKind.BadInput,
            $"There is no scenario '{name}'. There are: {string.Join(", ", names)}.{Nearest.Hint(name, names)}");
    }

    private static Verb Template(Cli cli)
    {
        var verb = new Verb("template", "Print the built-in template, to start your own from.", "llm4msr prompts template > my.prompt.txt");
        verb.SetAction(_ => cli.Terminal.Result(new { template = PromptTemplate.BuiltIn.Text }, console => console.Profile.Out.Writer.Write(PromptTemplate.BuiltIn.Text)));
        return verb;
    }
}
