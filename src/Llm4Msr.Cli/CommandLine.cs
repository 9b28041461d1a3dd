using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Runtime.InteropServices;
using Llm4Msr.Cli.Verbs;
using Llm4Msr.Platform;

namespace Llm4Msr.Cli;

/// <summary>What every verb gets: where to print, and when to stop.</summary>
internal sealed record Cli(Terminal Terminal, CancellationToken Cancellation);

/// <summary>A verb with an example, which its <c>--help</c> shows last.</summary>
internal sealed class Verb(string name, string description, params string[] examples) : Command(name, description)
{
    public IReadOnlyList<string> Examples { get; } = examples;
}

/// <summary>Parses arguments, runs a verb, and turns whatever happens into an exit code.</summary>
internal static class CommandLine
{
    public const int Cancelled = 130;

    private const string Name = "llm4msr", Json = "--json";

    public static int Run(string[] args)
    {
        var terminal = new Terminal();
        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        return Run(args, new Cli(terminal, stop.Token));

        void Stop(PosixSignalContext signal)
        {
            if (stop.IsCancellationRequested)
                return; // the second time, without asking
            signal.Cancel = true;
            terminal.Say("Stopping at the next safe point. Press Ctrl-C again to stop at once.");
            stop.Cancel();
        }
    }

    internal static int Run(string[] args, Cli cli)
    {
        if (args is [ImportProcess.Verb, var work])
            return ImportProcess.Work(work, cli.Cancellation); // what this program starts itself; nobody types it
        try
        {
            var root = Root(cli);
            var parsed = root.Parse(args);
            if (parsed.Tokens is [{ Type: TokenType.Argument }, ..])
                parsed = root.Parse(args[..1]); // the first word is no command: the mistake, even where a later word happens to be one ('trian data')
            cli.Terminal.Json = parsed.GetValue<bool>(Json);
            var problems = parsed.Action is HelpWithExamples ? [] : UsageProblems.Of(parsed);
            return problems.Count > 0 ? ReportWrongUsage(parsed, problems, cli) : Invoke(parsed);
        }
        catch (Exception e)
        {
            return Report(e, cli);
        }
    }

    internal static RootCommand Root(Cli cli)
    {
        var root = new RootCommand("LLM4MSR: multi-scenario click models that understand their users. Start with 'llm4msr quickstart'.")
        {
            new Option<bool>(Json) { Description = "Print the result as JSON.", Recursive = true },
        };
        foreach (var verb in AllVerbs.Of(cli))
            root.Add(verb);
        root.Options.OfType<HelpOption>().Single().Action = new HelpWithExamples();
        return root;
    }

    private static int ReportWrongUsage(ParseResult parsed, IReadOnlyList<string> problems, Cli cli)
    {
        foreach (var problem in problems)
            cli.Terminal.Fail(problem);
        cli.Terminal.Say($"'{HelpWithExamples.FullName(parsed)} --help' shows what there is.");
        return (int)FaultKind.Usage;
    }

    private static int Invoke(ParseResult parsed) => parsed.Invoke(
        new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null, Output = Console.Out });

    private static int Report(Exception e, Cli cli)
    {
        var (code, message) = Told(e);
        cli.Terminal.Fail(message);
        return code;
    }

    /// <summary>The exit code of whatever happened, and what to say about it.</summary>
    internal static (int Code, string Message) Told(Exception e) => e switch
    {
        AggregateException { InnerExceptions: [var first, ..] } => Told(first), // what several threads did at once failed
        OperationCanceledException => (Cancelled, "Stopped as asked. What was finished is kept: run the same command again to go on."),
        Llm4MsrException known => (known.ExitCode, known.Message),
        IOException io when IsFull(io) => ((int)FaultKind.ResourceMissing, $"The disk is full: {io.Message} Free some space, then run the command again."),
        IOException or UnauthorizedAccessException => ((int)FaultKind.ResourceMissing, $"{e.Message} Check the path and its permissions, then run the command again."),
        OutOfMemoryException => ((int)FaultKind.ResourceMissing, "Not enough memory. Use smaller batches or a machine with more, then run the command again."),
        _ => ((int)FaultKind.Unexpected, $"Unexpected fault, please report it with the output of 'llm4msr doctor --json':{Environment.NewLine}{e}"),
    };

    private static bool IsFull(IOException e)
    {
        const int NoSpaceLeft = 28, QuotaExceeded = 122, WindowsDiskFull = unchecked((int)0x80070070);
        return e.HResult is NoSpaceLeft or QuotaExceeded or WindowsDiskFull;
    }

    private sealed class HelpWithExamples : SynchronousCommandLineAction
    {
        private const string ExitCodes = """
            Exit codes:
              0    done
              1    unexpected fault: a bug
              2    wrong usage or configuration
              3    a check ran and failed
              4    input data that cannot be used
              5    a store, model or data folder is damaged or belongs to something else
              6    something is missing for now (disk, memory): run again to go on
              130  stopped as asked: run again to go on

            """;

        private readonly HelpAction _help = new();

        public override bool ClearsParseErrors => true;

        public static string FullName(ParseResult parsed)
        {
            var names = new List<string>();
            for (var result = parsed.CommandResult; result is not null; result = result.Parent as CommandResult)
                names.Insert(0, result.Command is RootCommand ? Name : result.Command.Name);
            return string.Join(' ', names);
        }

        public override int Invoke(ParseResult parsed)
        {
            var output = parsed.InvocationConfiguration.Output;
            using var text = new StringWriter();
            parsed.InvocationConfiguration.Output = text;
            var code = _help.Invoke(parsed);
            // The library names the program after its file, which is not what one types.
            output.Write(text.ToString().Replace($"  {RootCommand.ExecutableName} ", $"  {Name} ", StringComparison.Ordinal));
            if (parsed.CommandResult.Command is RootCommand)
                output.WriteLine(ExitCodes);
            if (parsed.CommandResult.Command is Verb { Examples.Count: > 0 } verb)
            {
                output.WriteLine(verb.Examples.Count == 1 ? "Example:" : "Examples:");
                foreach (var example in verb.Examples)
                    output.WriteLine($"  {example}");
                output.WriteLine();
            }
            return code;
        }
    }
}
