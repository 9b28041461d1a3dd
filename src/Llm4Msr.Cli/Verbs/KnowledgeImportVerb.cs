using System.CommandLine;
using System.Globalization;
using Llm4Msr.Import;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;
using Spectre.Console;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr knowledge import</c>: a store from one that was exported, or from vectors made elsewhere.</summary>
internal static class KnowledgeImportVerb
{
    public static Verb Create(Cli cli)
    {
        var output = new Argument<string>("store") { Description = "Store to make." };
        var from = new Option<string?>("--from") { Description = "File written by 'llm4msr knowledge export': an equal store is made. The other options are for vectors made elsewhere.", HelpName = "FILE" };
        var data = new Option<string?>("--data") { Description = "Folder written by 'llm4msr prepare'." };
        var vectors = new Option<string[]>("--vectors")
        {
            Description = "Vectors and what they are: user@40%:STATE=FILE#NAME (made from the first 40 % of each user's own rows) or scenario:STATE=FILE#NAME. "
                + "Repeat it. NAME is a tensor of a safetensors file, or the column or field of a .parquet or .jsonl file whose rows also have an 'id'.",
            HelpName = "WHAT=FILE#NAME",
        };
        var keys = new Option<FileInfo?>("--keys") { Description = "Text file for tensors: the user id of each row, one per line [default: the users of the data in their order]." };
        var protocol = Spelling.Option("--protocol", "Which rows the vectors were made from, and which may see them.", KnowledgeProtocol.PastOnly);
        var name = new Option<string>("--name") { Description = "What the vectors are called in the fingerprint.", DefaultValueFactory = _ => "imported" };
        var limits = new ImportLimits();
        var verb = new Verb("import", "Make a store from an exported one, or from vectors made elsewhere.",
            "llm4msr knowledge import copy.db --from knowledge.parquet",
            "llm4msr knowledge import encoder.db --data data --protocol train-part --vectors user@80%:mean=encoder.safetensors#user --vectors scenario:mean=encoder.safetensors#scenario",
            "llm4msr knowledge import encoder.db --data data --vectors user@40%:mean=early.parquet#vector --vectors user@80%:mean=late.parquet#vector")
        {
            output, from, data, vectors, keys, protocol, name, limits.Memory, limits.Time,
        };
        verb.SetAction(parsed =>
        {
            var (memory, time) = limits.Read(parsed);
            var store = parsed.GetRequiredValue(output);
            switch (parsed.GetValue(from), parsed.GetValue(data), parsed.GetValue(vectors))
            {
                case ({ } file, null, null or []):
                    Exported(cli, store, ImportProcess.Exported(file, store, memory, time, cli.Cancellation));
                    break;
                case (null, { } folder, { Length: > 0 } sources):
                    var ids = parsed.GetValue(keys) is { } list ? ReadKeys(list.FullName) : null;
                    var options = new KnowledgeImportOptions(parsed.GetValue(name)!, parsed.GetValue(protocol).Value, [.. sources.Select(ParseSource)], ids);
                    Elsewhere(cli, store, ImportProcess.Vectors(folder, options, store, memory, time, cli.Cancellation));
                    break;
                default:
                    throw new Llm4MsrException(FaultKind.Usage, "Say either --from FILE, for an exported store, or --data FOLDER and --vectors WHAT=FILE#NAME, for vectors made elsewhere.");
            }
        });
        return verb;
    }

    private static void Exported(Cli cli, string store, ExportedKnowledgeResult result) =>
        cli.Terminal.Result(new { store, result.Records, result.ContentHash }, console =>
        {
            console.WriteLine(FormattableString.Invariant($"{result.Records:N0} records imported into {store}, the same as were exported."));
            SayNext(console, store);
        });

    private static void Elsewhere(Cli cli, string store, KnowledgeImportResult result) =>
        cli.Terminal.Result(new { store, result.Records, result.UsersWithoutVectors }, console =>
        {
            console.WriteLine(FormattableString.Invariant($"{result.Records:N0} records imported into {store}; rows of zeros, which say nothing, left out: {result.UsersWithoutVectors:N0}."));
            SayNext(console, store);
        });

    private static void SayNext(IAnsiConsole console, string store) =>
        console.WriteLine($"Next: 'llm4msr knowledge stats {store}', or 'llm4msr train DATA --enhancement llm4msr --knowledge {store} --out RUN'.");

    private static VectorSource ParseSource(string text)
    {
        var parts = text.Split('=', 2);
        var hash = parts.Length == 2 ? parts[1].LastIndexOf('#') : -1;
        var what = parts[0].Split(':', 2);
        if (hash <= 0 || what.Length != 2)
            throw Wrong();
        var (file, name) = (parts[1][..hash], parts[1][(hash + 1)..]);
        if (what[0] == "scenario")
            return new VectorSource(KnowledgeLevel.Scenario, 0, what[1], file, name);
        return what[0].StartsWith("user@", StringComparison.Ordinal) && what[0].EndsWith('%')
            && int.TryParse(what[0][5..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var percent) && percent is > 0 and <= 100 && percent % 10 == 0
            ? new VectorSource(KnowledgeLevel.User, percent / 10, what[1], file, name)
            : throw Wrong();

        Llm4MsrException Wrong() => new(FaultKind.Usage,
            $"--vectors is '{text}', expected user@40%:STATE=FILE#NAME (tens of per cent of each user's own rows) or scenario:STATE=FILE#NAME.");
    }

    private static string[] ReadKeys(string path) => File.Exists(path)
        ? [.. File.ReadLines(path).Where(line => line.Length > 0)]
        : throw new Llm4MsrException(FaultKind.BadInput, $"There is no file '{path}'.");
}
