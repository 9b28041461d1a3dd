using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Runtime.InteropServices;
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

    public static int Run(string[] args, Func<Cli, IEnumerable<Command>> verbs)
    {
        var terminal = new Terminal();
        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        return Run(args, new Cli(terminal, stop.Token), verbs);

        void Stop(PosixSignalContext signal)
        {
            if (stop.IsCancellationRequested)
                return; // the second time, without asking
            signal.Cancel = true;
            terminal.Say("Stopping at the next safe point. Press Ctrl-C again to stop at once.");
            stop.Cancel();
        }
    }

    internal static int Run(string[] args, Cli cli, Func<Cli, IEnumerable<Command>> verbs)
    {
        try
        {
            var json = new Option<bool>("--json") { Description = "Print the result as JSON.", Recursive = true };
            var root = new RootCommand("LLM4MSR: multi-scenario click models that understand their users.") { json };
            foreach (var verb in verbs(cli))
                root.Add(verb);
            root.Options.OfType<HelpOption>().Single().Action = new HelpWithExamples();

            var parsed = root.Parse(args);
            cli.Terminal.Json = parsed.GetValue(json);
            return parsed.Errors.Count > 0 ? ReportWrongUsage(parsed) : Invoke(parsed, Console.Out);
        }
        catch (Exception e)
        {
            return Report(e, cli);
        }
    }

    private static int ReportWrongUsage(ParseResult parsed)
    {
        if (parsed.Action is ParseErrorAction report)
            (report.ShowHelp, report.ShowTypoCorrections) = (false, true);
        Invoke(parsed, Console.Error);
        Console.Error.WriteLine($"'{HelpWithExamples.FullName(parsed)} --help' shows what there is.");
        return (int)FaultKind.Usage;
    }

    private static int Invoke(ParseResult parsed, TextWriter output) => parsed.Invoke(
        new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null, Output = output });

    private static int Report(Exception e, Cli cli)
    {
        var (code, message) = e switch
        {
            OperationCanceledException => (Cancelled, "Stopped as asked. Run the same command again to go on from here."),
            Llm4MsrException known => (known.ExitCode, known.Message),
            IOException io when IsFull(io) => ((int)FaultKind.ResourceMissing, $"The disk is full: {io.Message} Free some space, then run the command again."),
            IOException or UnauthorizedAccessException => ((int)FaultKind.ResourceMissing, $"{e.Message} Check the path and its permissions, then run the command again."),
            OutOfMemoryException => ((int)FaultKind.ResourceMissing, "Not enough memory. Use smaller batches or a machine with more, then run the command again."),
            _ => ((int)FaultKind.Unexpected, $"Unexpected fault, please report it with the output of 'llm4msr doctor --json':{Environment.NewLine}{e}"),
        };
        cli.Terminal.Fail(message);
        return code;
    }

    private static bool IsFull(IOException e)
    {
        const int NoSpaceLeft = 28, QuotaExceeded = 122, WindowsDiskFull = unchecked((int)0x80070070);
        return e.HResult is NoSpaceLeft or QuotaExceeded or WindowsDiskFull;
    }

    private sealed class HelpWithExamples : SynchronousCommandLineAction
    {
        private readonly HelpAction _help = new();

        public override bool ClearsParseErrors => true;

        public static string FullName(ParseResult parsed)
        {
            var names = new List<string>();
            for (var result = parsed.CommandResult; result is not null; result = result.Parent as System.CommandLine.Parsing.CommandResult)
                names.Insert(0, result.Command is RootCommand ? "llm4msr" : result.Command.Name);
            return string.Join(' ', names);
        }

        public override int Invoke(ParseResult parsed)
        {
            var code = _help.Invoke(parsed);
            if (parsed.CommandResult.Command is Verb { Examples.Count: > 0 } verb)
            {
                var output = parsed.InvocationConfiguration.Output;
                output.WriteLine(verb.Examples.Count == 1 ? "Example:" : "Examples:");
                foreach (var example in verb.Examples)
                    output.WriteLine($"  {example}");
                output.WriteLine();
            }
            return code;
        }
    }
}
