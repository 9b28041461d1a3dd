using System.CommandLine;
using Llm4Msr.Language.Servers;
using Llm4Msr.Platform;

namespace Llm4Msr.Cli;

/// <summary>The options of a language model that a server has.</summary>
internal sealed class ServerArguments
{
    private static readonly ServerOptions s_defaults = new(new ServerAddress(new Uri("http://localhost")));

    private readonly Option<string?> _stateServer = new("--state-server") { Description = "Server: where the state is from, if not from --model.", HelpName = "URL" };
    private readonly Option<string?> _modelName = new("--model-name") { Description = "Server: its model's name, if it has several.", HelpName = "NAME" };
    private readonly Option<string?> _stateModelName = new("--state-model-name") { Description = "The same of the state server.", HelpName = "NAME" };
    private readonly Option<ServerDialect?> _dialect = Spelling.MaybeOption<ServerDialect>("--dialect", "Server: what it speaks [default: by what it says of itself].");
    private readonly Option<ServerDialect?> _stateDialect = Spelling.MaybeOption<ServerDialect>("--state-dialect", "The same of the state server.");
    private readonly Option<int?> _context = new("--context") { Description = "Server: the most tokens it reads and generates for a prompt [default: what it says].", HelpName = "TOKENS" };
    private readonly Option<int> _concurrency = new("--concurrency") { Description = "Server: prompts that are asked at once.", DefaultValueFactory = _ => 4 };
    private readonly Option<double?> _timeout = new("--timeout") { Description = "Server: seconds of one try [default: 30 s and ten times what is expected].", HelpName = "SECONDS" };
    private readonly Option<double> _giveUpAfter = new("--give-up-after") { Description = "Server: seconds for all tries of a request and the waits between them.", DefaultValueFactory = _ => s_defaults.Patience.GiveUpAfter.TotalSeconds, HelpName = "SECONDS" };
    private readonly Option<double> _maxResponse = new("--max-response") { Description = "Server: MiB of one response, at most.", DefaultValueFactory = _ => s_defaults.MaxResponseBytes >> 20, HelpName = "MIB" };
    private readonly Option<bool> _insecure = new("--insecure") { Description = $"Server: send the key of {ServerAddress.KeyVariable} without encryption, on a network that you trust." };

    public IEnumerable<Option> Options =>
        [_stateServer, _modelName, _stateModelName, _dialect, _stateDialect, _context, _concurrency, _timeout, _giveUpAfter, _maxResponse, _insecure];

    public static bool IsServer(string model) =>
        model.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || model.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    /// <summary>Refuses what would have no effect.</summary>
    /// <param name="ofFiles">Options that mean something to a model from disk only.</param>
    public void Check(ParseResult parsed, bool isServer, params Option[] ofFiles)
    {
        if ((isServer ? ofFiles : Options).FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) is { } idle)
        {
            throw new Llm4MsrException(FaultKind.Usage, isServer
                ? $"{idle.Name} is for models from disk; --model is a server."
                : $"{idle.Name} is for servers; --model is a file or a folder. A server's address starts with http:// or https://.");
        }
        AtLeast.Check(1, ("--concurrency", parsed.GetValue(_concurrency)), ("--context", parsed.GetValue(_context) ?? 1));
        AboveZero.Check(("--max-response", parsed.GetValue(_maxResponse)));
        CheckSeconds(("--timeout", parsed.GetValue(_timeout)), ("--give-up-after", parsed.GetValue(_giveUpAfter)));
    }

    public int Concurrency(ParseResult parsed) => parsed.GetValue(_concurrency);

    /// <param name="address">The value of --model.</param>
    public ServerOptions OptionsOf(ParseResult parsed, string address)
    {
        var key = Environment.GetEnvironmentVariable(ServerAddress.KeyVariable);
        var text = new ServerAddress(UriOf("--model", address), parsed.GetValue(_modelName), parsed.GetValue(_dialect), key);
        var states = parsed.GetValue(_stateServer) is { } other
            ? new ServerAddress(UriOf("--state-server", other), parsed.GetValue(_stateModelName), parsed.GetValue(_stateDialect),
                Environment.GetEnvironmentVariable(ServerAddress.StateKeyVariable), ServerAddress.StateKeyVariable)
            : null;
        if (states is null && (parsed.GetValue(_stateModelName) is not null || parsed.GetValue(_stateDialect) is not null))
            throw new Llm4MsrException(FaultKind.Usage, "--state-model-name and --state-dialect are for a second server (--state-server URL); it may have the address of the first.");
        return new ServerOptions(text, states)
        {
            ContextLength = parsed.GetValue(_context),
            KeyInTheClear = parsed.GetValue(_insecure),
            MaxResponseBytes = (int)Math.Min(parsed.GetValue(_maxResponse) * (1 << 20), int.MaxValue),
            Patience = s_defaults.Patience with
            {
                OneTry = parsed.GetValue(_timeout) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
                GiveUpAfter = TimeSpan.FromSeconds(parsed.GetValue(_giveUpAfter)),
            },
        };
    }

    /// <summary>A server that says nothing for a day has nothing to say, and no timer runs for more than some weeks.</summary>
    private static void CheckSeconds(params (string Option, double? Value)[] times)
    {
        foreach (var (option, value) in times)
        {
            if (value is { } seconds && !(seconds >= Patience.Shortest.TotalSeconds && seconds <= Patience.Longest.TotalSeconds))
            {
                throw new Llm4MsrException(FaultKind.Usage, FormattableString.Invariant(
                    $"{option} is {seconds}, expected seconds from {Patience.Shortest.TotalSeconds} to {Patience.Longest.TotalSeconds} (a day)."));
            }
        }
    }

    private static Uri UriOf(string option, string address) => Uri.TryCreate(address, UriKind.Absolute, out var uri) && IsServer(address)
        ? uri
        : throw new Llm4MsrException(FaultKind.Usage, $"{option} is '{address}', expected an address such as http://127.0.0.1:8080.");
}
