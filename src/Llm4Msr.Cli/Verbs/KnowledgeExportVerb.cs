using System.CommandLine;
using Llm4Msr.Import;
using Spectre.Console;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr knowledge export</c>: a whole store as a file that other tools read.</summary>
internal static class KnowledgeExportVerb
{
    public static Verb Create(Cli cli)
    {
        var store = new Argument<string>("store") { Description = "Knowledge store (KNOWLEDGE.db)." };
        var file = new Argument<string>("file") { Description = "File to make; its ending is the format: .parquet, .jsonl, or .safetensors (with the keys and texts beside it)." };
        var verb = new Verb("export", "Write a whole store to a file that other tools read; 'knowledge import --from' makes an equal store of it.",
            "llm4msr knowledge export knowledge.db knowledge.parquet")
        {
            store, file,
        };
        verb.SetAction(parsed =>
        {
            OutputFile.CheckPlace(parsed.GetRequiredValue(file));
            var result = ExportedKnowledge.Write(parsed.GetRequiredValue(store), parsed.GetRequiredValue(file));
            cli.Terminal.Result(result, console => console.WriteLine(FormattableString.Invariant($"{result.Records:N0} records exported to {string.Join(" and ", result.Files)}.")));
        });
        return verb;
    }
}
