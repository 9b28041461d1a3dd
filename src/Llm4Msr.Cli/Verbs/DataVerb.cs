using System.CommandLine;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr data</c>: what lies in a file of logs, and how it is described.</summary>
internal static class DataVerb
{
    public static Command Create(Cli cli) => new Verb("data", "Logs: what is in a file, and how its import is described.",
        "llm4msr data inspect clicks.csv") { DataInspectVerb.Create(cli), DataInspectVerb.Schema(cli) };
}
