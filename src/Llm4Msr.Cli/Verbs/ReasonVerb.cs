using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using System.Globalization;
using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Language;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning;
using Spectre.Console;
using TorchSharp;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr reason</c>: ask a frozen language model about every scenario and every user.</summary>
internal static class ReasonVerb
{
    public static Command Create(Cli cli)
    {
        var defaults = new ReasoningOptions();
        var data = new Argument<string>("data") { Description = "Folder written by 'llm4msr prepare'." };
        var model = new Option<string>("--model") { Description = "Language model: a GGUF file, or a Hugging Face folder; 'embedded' is for trying out only.", Required = true, HelpName = "FILE" };
        var output = new Option<string>("--out") { Description = "Knowledge store: made, or gone on with.", Required = true, HelpName = "KNOWLEDGE.db" };
        var history = new Option<int>("--history") { Description = "T: the most items of one scenario in a prompt.", DefaultValueFactory = _ => defaults.History };
        var newTokens = new Option<int>("--max-new-tokens") { Description = "Length of an answer at most.", DefaultValueFactory = _ => defaults.MaxNewTokens };
        var protocol = PromptDefaults.ProtocolOption();
        var template = PromptDefaults.TemplateOption();
        var states = new Option<HiddenStateDefinition[]>("--state") { Description = "Hidden state that is kept; repeat it [default: all].", CustomParser = ParseStates, HelpName = string.Join('|', HiddenStateDefinitions.Names) };
        var layers = new Option<int?[]>("--layer") { Description = "Layer that states are taken from: last (after the final norm) or a number (before any norm); repeat it [default: last].", CustomParser = ParseLayers, HelpName = "last|N" };
        var temperature = new Option<double>("--temperature") { Description = "0: the likeliest token each time; above, tokens are drawn by chance.", DefaultValueFactory = _ => defaults.Temperature };
        var topP = new Option<double>("--top-p") { Description = "Draw among the likeliest tokens that together have this probability.", DefaultValueFactory = _ => defaults.TopP };
        var seed = new Option<long>("--seed") { Description = "With the user or scenario it decides every draw.", DefaultValueFactory = _ => defaults.Seed };
        var chat = LlmOptions.Chat();
        var weights = LlmOptions.Weights();
        var device = LlmOptions.Device();
        var memory = new Option<double?>("--memory") { Description = "GiB that this process may use; batches are made to fit [default: what the machine has].", HelpName = "GIB" };
        var batch = new Option<int>("--batch-size") { Description = "Prompts answered and stored together, at most.", DefaultValueFactory = _ => defaults.BatchSize };
        var workers = new Option<int>("--workers") { Description = "Threads that ask at once.", DefaultValueFactory = _ => defaults.Workers };

        var verb = new Verb("reason", "Ask a frozen language model about every scenario and every user, and keep what it says. Interrupted, it goes on where it stopped.",
            "llm4msr reason data --model SmolLM2-135M-Instruct.Q4_1.gguf --out knowledge.db")
        {
            data, model, output, history, newTokens, protocol, template, states, layers, temperature, topP, seed, chat, weights, device, memory, batch, workers,
        };
        verb.SetAction(parsed => Run(
            cli, parsed.GetRequiredValue(data), parsed.GetRequiredValue(model), parsed.GetRequiredValue(output),
            new LoadOptions(parsed.GetValue(chat), parsed.GetValue(weights).Value, parsed.GetValue(device)!),
            new ReasoningOptions
            {
                States = Choices(parsed.GetValue(states), parsed.GetValue(layers)),
                Temperature = parsed.GetValue(temperature),
                TopP = parsed.GetValue(topP),
                Seed = parsed.GetValue(seed),
                MemoryBytes = parsed.GetValue(memory) is { } gib ? (long)(gib * (1L << 30)) : defaults.MemoryBytes,
                History = parsed.GetValue(history),
                MaxNewTokens = parsed.GetValue(newTokens),
                Protocol = parsed.GetValue(protocol).Value,
                Template = PromptDefaults.Template(parsed.GetValue(template)),
                BatchSize = parsed.GetValue(batch),
                Workers = parsed.GetValue(workers),
            }));
        return verb;
    }

    private static int Run(Cli cli, string dataFolder, string modelPath, string output, LoadOptions loading, ReasoningOptions options)
    {
        Check(options);
        AtLeast.Check(1, ("--history", options.History), ("--max-new-tokens", options.MaxNewTokens), ("--batch-size", options.BatchSize), ("--workers", options.Workers));
        var data = InteractionDataset.Open(dataFolder);
        if (modelPath == EmbeddedModel.Name)
            cli.Terminal.Say("The embedded model is for trying out only: it knows the words of generated catalogues, and of other items it says nothing.");
        torch.set_num_threads(1); // a core for each worker
        using var model = LanguageModel.Load(modelPath, loading);
        CheckLayers(options.States, model);
        using var store = KnowledgeStore.OpenForWriting(output, KnowledgeReasoner.FingerprintOf(model, options), data.Description.InteractionsHash);

        IReadOnlyList<Question> questions = [];
        cli.Terminal.WithProgress("prompts", data.Encoder.Users.Count, report => questions = Questions.Of(data, model, options, user =>
        {
            cli.Cancellation.ThrowIfCancellationRequested();
            report(user + 1, "writing");
        }));

        var clock = Stopwatch.StartNew();
        var processorBefore = Environment.CpuUsage.TotalTime;
        ReasoningProgress done = new(0, 0, 0, 0, 0);
        cli.Terminal.WithProgress("reason", 1, report =>
        {
            report(0, "the first batch");
            done = KnowledgeReasoner.Run(data, model, questions, store, options, cli.Cancellation, p => report(
                p.PromptTokens / (double)p.TokensToDo, FormattableString.Invariant($"{p.Asked:N0} of {p.ToDo:N0} prompts")));
        });

        var report = new Report(
            output, questions.Count, questions.Count - done.ToDo, done.Asked, done.PromptTokens, done.NewTokens,
            clock.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - processorBefore).TotalSeconds, done.PromptTokens / clock.Elapsed.TotalSeconds, done.NewTokens / clock.Elapsed.TotalSeconds,
            Process.GetCurrentProcess().PeakWorkingSet64, store.ContentHash);
        cli.Terminal.Result(report, console => Print(console, report));
        return 0;
    }

    /// <param name="AlreadyStored">Prompts that a run before this one had asked.</param>
    private sealed record Report(
        string Store, int Prompts, int AlreadyStored, int Asked, long PromptTokens, long NewTokens, double Seconds, double ProcessorSeconds,
        double PromptTokensPerSecond, double NewTokensPerSecond, long PeakMemoryBytes, string ContentHash);

    private static void Print(IAnsiConsole console, Report report)
    {
        console.WriteLine(FormattableString.Invariant($"{report.Prompts:N0} prompts: {report.AlreadyStored:N0} were stored already, {report.Asked:N0} asked in {Terminal.Duration(TimeSpan.FromSeconds(report.Seconds))}."));
        if (report.Asked > 0)
            console.WriteLine(FormattableString.Invariant($"{report.PromptTokens:N0} prompt tokens ({report.PromptTokensPerSecond:N0} per second) and {report.NewTokens:N0} new ones ({report.NewTokensPerSecond:N0} per second, reading included); peak memory {report.PeakMemoryBytes >> 20:N0} MiB."));
        console.WriteLine($"Knowledge is in {report.Store}. Next: 'llm4msr knowledge stats {report.Store}', or 'llm4msr train DATA --enhancement llm4msr --knowledge {report.Store} --out RUN'.");
    }

    /// <summary>Every state of every layer; those after the final norm first, as a run without these options has them.</summary>
    private static IReadOnlyList<StateChoice> Choices(HiddenStateDefinition[]? states, int?[]? layers)
    {
        if (states is not { Length: > 0 })
            states = Enum.GetValues<HiddenStateDefinition>();
        if (layers is not { Length: > 0 })
            layers = [null];
        return [.. layers.Distinct().OrderBy(layer => layer ?? -1).SelectMany(layer => states.Distinct().Order().Select(state => new StateChoice(state, layer)))];
    }

    private static void CheckLayers(IReadOnlyList<StateChoice> states, LanguageModel model)
    {
        if (states.FirstOrDefault(state => state.Layer > model.Layers) is { } state)
            throw new Llm4MsrException(FaultKind.Usage, FormattableString.Invariant($"--layer is {state.Layer}: '{model.Identity.Name}' has {model.Layers} layers."));
    }

    private static HiddenStateDefinition[] ParseStates(ArgumentResult result) =>
    [
        .. result.Tokens.Select(token =>
        {
            if (!HiddenStateDefinitions.TryParse(token.Value, out var state))
                result.AddError($"--state is '{token.Value}', expected one of: {string.Join(", ", HiddenStateDefinitions.Names)}.{Nearest.Hint(token.Value, HiddenStateDefinitions.Names)}");
            return state;
        }),
    ];

    private static int?[] ParseLayers(ArgumentResult result) =>
    [
        .. result.Tokens.Select(token =>
        {
            if (token.Value == "last")
                return (int?)null;
            if (!int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var layer))
                result.AddError($"--layer is '{token.Value}', expected 'last' or a layer's number.");
            return layer;
        }),
    ];

    private static void Check(ReasoningOptions options)
    {
        if (!(options.Temperature >= 0 && double.IsFinite(options.Temperature)))
            throw new Llm4MsrException(FaultKind.Usage, FormattableString.Invariant($"--temperature is {options.Temperature}, expected 0 or more."));
        if (!(options.TopP > 0 && options.TopP <= 1))
            throw new Llm4MsrException(FaultKind.Usage, FormattableString.Invariant($"--top-p is {options.TopP}, expected a number above 0 and at most 1."));
    }
}
