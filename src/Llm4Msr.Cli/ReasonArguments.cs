using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Llm4Msr.Knowledge;
using Llm4Msr.Language;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning;

namespace Llm4Msr.Cli;

/// <summary>The options of reasoning and of its plan, so that what is planned is what is done.</summary>
internal sealed class ReasonArguments(string outputDescription, bool outputRequired)
{
    private static readonly ReasoningOptions s_defaults = new();

    private readonly Argument<string> _data = new("data") { Description = "Folder written by 'llm4msr prepare'." };
    private readonly Option<string> _model = new("--model") { Description = "Language model: a GGUF file, a Hugging Face folder, or the address of a server (its key: environment variable LLM4MSR_API_KEY); 'embedded' is for trying out only.", Required = true, HelpName = "FILE|URL" };
    private readonly Option<string?> _output = new("--out") { Description = outputDescription, Required = outputRequired, HelpName = "KNOWLEDGE.db" };
    private readonly Option<int> _history = new("--history") { Description = "T: the most items of one scenario in a prompt.", DefaultValueFactory = _ => s_defaults.History };
    private readonly Option<int> _newTokens = new("--max-new-tokens") { Description = "Length of an answer at most.", DefaultValueFactory = _ => s_defaults.MaxNewTokens };
    private readonly Option<Spelled<KnowledgeProtocol>> _protocol = PromptDefaults.ProtocolOption();
    private readonly Option<string?> _template = PromptDefaults.TemplateOption();
    private readonly Option<HiddenStateDefinition[]> _states = new("--state") { Description = "Hidden state that is kept; repeat it [default: all].", CustomParser = ParseStates, HelpName = string.Join('|', HiddenStateDefinitions.Names) };
    private readonly Option<int?[]> _layers = new("--layer") { Description = "Layer that states are taken from: last (after the final norm) or a number (before any norm); repeat it [default: last].", CustomParser = ParseLayers, HelpName = "last|N" };
    private readonly Option<double> _temperature = new("--temperature") { Description = "0: the likeliest token each time; above, tokens are drawn by chance.", DefaultValueFactory = _ => s_defaults.Temperature };
    private readonly Option<double> _topP = new("--top-p") { Description = "Draw among the likeliest tokens that together have this probability.", DefaultValueFactory = _ => s_defaults.TopP };
    private readonly Option<long> _seed = new("--seed") { Description = "With the user or scenario and the prompt it decides every draw.", DefaultValueFactory = _ => s_defaults.Seed };
    private readonly Option<ChatFormat?> _chat = LlmOptions.Chat();
    private readonly Option<Spelled<WeightStorage>> _weights = LlmOptions.Weights();
    private readonly Option<string> _device = LlmOptions.Device();
    private readonly Option<double?> _memory = new("--memory") { Description = "GiB that this process may use; batches are made to fit [default: what the machine has].", HelpName = "GIB" };
    private readonly Option<int> _batch = new("--batch-size") { Description = "Prompts answered and stored together, at most.", DefaultValueFactory = _ => s_defaults.BatchSize };
    private readonly Option<int> _workers = new("--workers") { Description = "Threads that ask at once.", DefaultValueFactory = _ => s_defaults.Workers };
    private readonly Option<string?> _reuse = new("--reuse") { Description = "Store made of earlier interactions: what was said to a prompt that did not change is taken over and not asked again.", HelpName = "OLD.db" };
    private readonly Option<int?> _minNew = new("--min-new") { Description = "With --reuse: ask again about a user who has so many positive interactions more; else older knowledge has to do [default: ask wherever the prompt changed]." };
    private readonly Option<TimeSpan?> _maxAge = new("--max-age") { Description = "With --reuse: ask again where knowledge is so much older than the snapshot, in the log's time.", CustomParser = result => ParseTime("--max-age", result), HelpName = "30d" };
    private readonly Option<ReasoningBudget?> _budget = new("--budget")
    {
        Description = "Tokens of prompts and answers, or time, for this run. Scenarios first, then users with the most positive interactions that no knowledge has, of equals the oldest knowledge first.",
        CustomParser = ParseBudget,
        HelpName = "TOKENS|90m|8h",
    };
    private readonly ServerArguments _server = new();
    private readonly SpendingArguments _spending = new();

    public IEnumerable<Option> Options =>
    [
        _model, _output, _history, _newTokens, _protocol, _template, _states, _layers, _temperature, _topP, _seed, _chat, _weights, _device, _memory, _batch, _workers,
        _reuse, _minNew, _maxAge, _budget, .. _spending.Options, .. _server.Options,
    ];

    public Argument<string> Data => _data;

    /// <summary>What the arguments say, checked as far as it can be without the data and the model.</summary>
    public ReasonSettings Read(ParseResult parsed)
    {
        var model = parsed.GetRequiredValue(_model);
        var isServer = ServerArguments.IsServer(model);
        _server.Check(parsed, isServer, _layers, _chat, _weights, _device, _memory, _batch, _workers);
        var options = new ReasoningOptions
        {
            Temperature = parsed.GetValue(_temperature),
            TopP = parsed.GetValue(_topP),
            Seed = parsed.GetValue(_seed),
            MemoryBytes = parsed.GetValue(_memory) is { } gib ? (long)(gib * (1L << 30)) : s_defaults.MemoryBytes,
            History = parsed.GetValue(_history),
            MaxNewTokens = parsed.GetValue(_newTokens),
            Protocol = parsed.GetValue(_protocol).Value,
            Template = PromptDefaults.Template(parsed.GetValue(_template)),
            BatchSize = isServer ? 1 : parsed.GetValue(_batch), // a server makes its own batches, and each answer is stored as it comes
            Workers = isServer ? _server.Concurrency(parsed) : parsed.GetValue(_workers),
            MinNew = parsed.GetValue(_minNew),
            MaxAge = parsed.GetValue(_maxAge),
            Budget = parsed.GetValue(_budget),
        };
        Check(options);
        var (output, reuse) = (parsed.GetValue(_output), parsed.GetValue(_reuse));
        if (reuse is null && (options.MinNew is not null || options.MaxAge is not null))
            throw new Llm4MsrException(FaultKind.Usage, "--min-new and --max-age decide what is taken over from an earlier store. Say which: --reuse OLD.db, or leave them out.");
        if (reuse is not null && output is not null && Path.GetFullPath(reuse) == Path.GetFullPath(output))
            throw new Llm4MsrException(FaultKind.Usage, $"--reuse and --out are the same file '{reuse}'. What is taken over goes into a new store: name another file for it.");
        return new ReasonSettings(
            parsed.GetRequiredValue(_data), new ModelChoice(model, new LoadOptions(parsed.GetValue(_chat), parsed.GetValue(_weights).Value, parsed.GetValue(_device)!), isServer ? _server.OptionsOf(parsed, model) : null),
            output, reuse, parsed.GetValue(_states) ?? [], parsed.GetValue(_layers) ?? [], _spending.Read(parsed), options);
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
        AtLeast.Check(1, ("--history", options.History), ("--max-new-tokens", options.MaxNewTokens), ("--batch-size", options.BatchSize), ("--workers", options.Workers), ("--min-new", options.MinNew ?? 1));
    }

    private static TimeSpan? ParseTime(string name, ArgumentResult result)
    {
        var text = result.Tokens[^1].Value;
        if (LongTime.Of(text) is { } time)
            return time;
        result.AddError($"{name} is '{text}', expected a time like 90s, 30m, 8h or 30d, at most 100000d.");
        return null;
    }

    private static ReasoningBudget? ParseBudget(ArgumentResult result)
    {
        var text = result.Tokens[^1].Value;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var tokens) && tokens > 0)
            return new ReasoningBudget(Tokens: tokens);
        if (LongTime.Of(text) is { } time)
            return new ReasoningBudget(Time: time);
        result.AddError($"--budget is '{text}', expected a number of tokens like 500000 or a time like 90s, 30m or 8h, at most 100000d.");
        return null;
    }
}
