using System.CommandLine;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr import-worker</c>: what <c>prepare</c> starts as a process of its own; nobody types it.</summary>
internal static class ImportWorkerVerb
{
    public static Command Create(Cli cli)
    {
        var job = new Argument<string>("job") { Description = "The import, as a file." };
        var verb = new Command(ImportProcess.Verb, "Runs one import for 'llm4msr prepare'.") { job };
        verb.Hidden = true;
        verb.SetAction(parsed => ImportProcess.Work(parsed.GetRequiredValue(job), cli.Cancellation));
        return verb;
    }
}
