using System.CommandLine;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr data</c>: what lies in files of logs, and logs whose truth is planted.</summary>
internal static class DataVerb
{
    public static Command Create(Cli cli) => new Verb("data", "Logs: what is in a file, how its import is described; logs with a planted truth.",
        "llm4msr data inspect clicks.csv", "llm4msr data generate --out tiny --format prepared")
    {
        DataInspectVerb.Create(cli), DataInspectVerb.Schema(cli), DataGenerateVerb.Create(cli), DataJudgeVerb.Create(cli),
    };
}
