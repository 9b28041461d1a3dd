using System.CommandLine;
using Llm4Msr.Data;
using Llm4Msr.Language;
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
        var model = new Option<string?>("--model") { Description = "Language model whose tokens are counted, and whose context cuts the prompt as 'reason' does [default: nothing is cut].", HelpName = "FILE" };
        var newTokens = new Option<int>("--max-new-tokens") { Description = "With --model: the length of an answer, for which the context leaves room.", DefaultValueFactory = _ => new ReasoningOptions().MaxNewTokens };
        var chat = LlmOptions.Chat();
        var verb = new Verb("show", "Print the prompts of a user or a scenario.",
            "llm4msr prompts show data --user 7", """llm4msr prompts show data --scenario "comedy and family" """.TrimEnd(),
            "llm4msr prompts show data --user 7 --model SmolLM2-135M-Instruct.Q4_1.gguf")
        {
            data, user, scenario, history, protocol, template, model, newTokens, chat,
        };
        verb.SetAction(parsed =>
        {
            AtLeast.Check(1, ("--history", parsed.GetValue(history)), ("--max-new-tokens", parsed.GetValue(newTokens)));
            var dataset = InteractionDataset.Open(parsed.GetRequiredValue(data));
            var reader = parsed.GetValue(model) is { } path ? PromptReader.Open(path, parsed.GetValue(chat)) : null;
            var options = new ReasoningOptions
            {
                History = parsed.GetValue(history),
                Protocol = parsed.GetValue(protocol).Value,
                Template = PromptDefaults.Template(parsed.GetValue(template)),
                MaxNewTokens = parsed.GetValue(newTokens),
            };
            var prompts = (parsed.GetValue(user), parsed.GetValue(scenario)) switch
            {
                ({ } id, null) => UserPrompts(dataset, reader, options, id),
                (null, { } name) => [ScenarioPrompt(dataset, reader, options, name)],
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
                    if (shown.Tokens is { } tokens)
                        console.WriteLine(FormattableString.Invariant($"({tokens:N0} tokens of at most {reader!.ContextLength - options.MaxNewTokens:N0}; {shown.Prompt.ItemsCut} items cut)"));
                    console.WriteLine();
                }
            });
        });
        return verb;
    }

    /// <param name="Tokens">As the model reads it; null where none was named.</param>
    private sealed record ShownPrompt(int? AsOfRank, Prompt Prompt, int? Tokens);

    private static IReadOnlyList<ShownPrompt> UserPrompts(InteractionDataset data, IPromptReader? model, ReasoningOptions options, string id)
    {
        if (!data.Encoder.Users.Contains(id))
            throw new Llm4MsrException(FaultKind.BadInput, $"There is no user '{id}' in the data. They are named as in the logs: the first is '{data.Encoder.Users.Keys[0]}'.");
        var user = data.Encoder.Users.RowOf(id);
        var timeline = new UserTimeline(data.Interactions.User, data.Encoder.Users.Count);
        List<ShownPrompt> prompts = model is null
            ? [.. Uncut()]
            : [.. Questions.OfUser(data, new PromptBuilder(data, options.Template, model.Cut), timeline, model, options, user).Select(q => new ShownPrompt(q.AsOfRank, q.Prompt, q.Tokens))];
        return prompts.Count > 0 ? prompts : throw new Llm4MsrException(FaultKind.BadInput,
            $"The user '{id}' has no positive interaction before any snapshot of the protocol {Spelling.Of(options.Protocol)}, and is not asked about.");

        IEnumerable<ShownPrompt> Uncut()
        {
            var builder = new PromptBuilder(data, options.Template);
            return SnapshotPlan.RanksFor(data, timeline, options.Protocol, user)
                .Select(rank => UserHistory.Of(data.Interactions, timeline, user, rank, data.Description.Scenarios.Count, options.History))
                .Where(h => h.Liked.Count > 0)
                .Select(h => new ShownPrompt(h.AsOfRank, builder.ForUser(h), Tokens: null));
        }
    }

    private static ShownPrompt ScenarioPrompt(InteractionDataset data, IPromptReader? model, ReasoningOptions options, string name)
    {
        var names = data.Description.Scenarios.Select(s => s.Name).ToList();
        var index = names.IndexOf(name);
        if (index < 0)
            throw new Llm4MsrException(FaultKind.BadInput, $"There is no scenario '{name}'. There are: {string.Join(", ", names)}.{Nearest.Hint(name, names)}");
        if (model is null)
            return new ShownPrompt(null, new PromptBuilder(data, options.Template).ForScenario(index), Tokens: null);
        var question = Questions.OfScenario(data, new PromptBuilder(data, options.Template, model.Cut), model, options, index);
        return new ShownPrompt(null, question.Prompt, question.Tokens);
    }

    private static Verb Template(Cli cli)
    {
        var verb = new Verb("template", "Print the built-in template, to start your own from.", "llm4msr prompts template > my.prompt.txt");
        verb.SetAction(_ => cli.Terminal.Result(new { template = PromptTemplate.BuiltIn.Text }, console => console.Profile.Out.Writer.Write(PromptTemplate.BuiltIn.Text)));
        return verb;
    }
}
