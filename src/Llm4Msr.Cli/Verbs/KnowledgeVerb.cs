using System.CommandLine;
using System.Globalization;
using Llm4Msr.Data;
using Llm4Msr.Import;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;
using Spectre.Console;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr knowledge</c>: plan it, look at what is stored, compare and check it, bring in vectors made elsewhere.</summary>
internal static class KnowledgeVerb
{
    public static Command Create(Cli cli) => new Verb("knowledge", "Plan knowledge, look at what is stored, compare it, check it, import it.",
        "llm4msr knowledge stats knowledge.db")
    {
        KnowledgePlanVerb.Create(cli), Stats(cli), KnowledgeShowVerb.Create(cli), KnowledgeDiffVerb.Create(cli), Verify(cli), Import(cli),
    };

    internal static Argument<string> StoreArgument() => new("store") { Description = "Knowledge store (KNOWLEDGE.db)." };

    private static Verb Stats(Cli cli)
    {
        var store = StoreArgument();
        var verb = new Verb("stats", "What is in a store, and how good it looks.", "llm4msr knowledge stats knowledge.db") { store };
        verb.SetAction(parsed =>
        {
            using var opened = KnowledgeStore.OpenForReading(parsed.GetRequiredValue(store));
            var quality = KnowledgeQuality.Of(opened);
            cli.Terminal.Result(
                new { opened.Fingerprint, opened.InteractionsHash, records = opened.Count, opened.ContentHash, quality },
                console => KnowledgeReport.Print(console, opened, quality));
        });
        return verb;
    }

    private static Verb Verify(Cli cli)
    {
        var store = StoreArgument();
        var verb = new Verb("verify", "Read a whole store and check every record; exit code 5 where something is damaged.", "llm4msr knowledge verify knowledge.db") { store };
        verb.SetAction(parsed =>
        {
            var verification = KnowledgeStore.Verify(parsed.GetRequiredValue(store));
            cli.Terminal.Result(verification, console => KnowledgeReport.Print(console, verification));
            return verification.IsClean ? 0 : (int)FaultKind.Damaged;
        });
        return verb;
    }

    private static Verb Import(Cli cli)
    {
        var output = new Argument<string>("store") { Description = "Store to make." };
        var data = new Option<string>("--data") { Description = "Folder written by 'llm4msr prepare'.", Required = true };
        var vectors = new Option<string[]>("--vectors")
        {
            Description = "A tensor and what it is: user@40%:STATE=FILE#TENSOR (made from the first 40 % of each user's own rows) or scenario:STATE=FILE#TENSOR. Repeat it.",
            Required = true,
            HelpName = "WHAT=FILE#TENSOR",
        };
        var keys = new Option<FileInfo?>("--keys") { Description = "Text file: the user id of each row, one per line [default: the users of the data in their order]." };
        var protocol = Spelling.Option("--protocol", "Which rows the vectors were made from, and which may see them.", KnowledgeProtocol.PastOnly);
        var name = new Option<string>("--name") { Description = "What the vectors are called in the fingerprint.", DefaultValueFactory = _ => "imported" };
        var verb = new Verb("import", "Make a store from vectors in safetensors files.",
            "llm4msr knowledge import encoder.db --data data --protocol train-part --vectors user@80%:mean=encoder.safetensors#user --vectors scenario:mean=encoder.safetensors#scenario")
        {
            output, data, vectors, keys, protocol, name,
        };
        verb.SetAction(parsed =>
        {
            Libtorch.Require();
            var dataset = InteractionDataset.Open(parsed.GetRequiredValue(data));
            var ids = parsed.GetValue(keys) is { } file ? ReadKeys(file.FullName) : null;
            var options = new KnowledgeImportOptions(
                parsed.GetValue(name)!, parsed.GetValue(protocol).Value, [.. parsed.GetRequiredValue(vectors).Select(ParseSource)], ids);
            var path = parsed.GetRequiredValue(output);
            var result = KnowledgeImport.Run(dataset, options, path);
            cli.Terminal.Result(new { store = path, result.Records, result.UsersWithoutVectors },
                console =>
                {
                    console.WriteLine(FormattableString.Invariant($"{result.Records:N0} records imported into {path}; rows of zeros, which say nothing, left out: {result.UsersWithoutVectors:N0}."));
                    console.WriteLine($"Next: 'llm4msr knowledge stats {path}', or 'llm4msr train DATA --enhancement llm4msr --knowledge {path} --out RUN'.");
                });
        });
        return verb;
    }

    private static VectorSource ParseSource(string text)
    {
        var parts = text.Split('=', 2);
        var hash = parts.Length == 2 ? parts[1].LastIndexOf('#') : -1;
        var what = parts[0].Split(':', 2);
        if (hash <= 0 || what.Length != 2)
            throw Wrong();
        var (file, tensor) = (parts[1][..hash], parts[1][(hash + 1)..]);
        if (what[0] == "scenario")
            return new VectorSource(KnowledgeLevel.Scenario, 0, what[1], file, tensor);
        return what[0].StartsWith("user@", StringComparison.Ordinal) && what[0].EndsWith('%')
            && int.TryParse(what[0][5..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var percent) && percent is > 0 and <= 100 && percent % 10 == 0
            ? new VectorSource(KnowledgeLevel.User, percent / 10, what[1], file, tensor)
            : throw Wrong();

        Llm4MsrException Wrong() => new(FaultKind.Usage,
            $"--vectors is '{text}', expected user@40%:STATE=FILE#TENSOR (tens of per cent of each user's own rows) or scenario:STATE=FILE#TENSOR.");
    }

    private static string[] ReadKeys(string path) => File.Exists(path)
        ? [.. File.ReadLines(path).Where(line => line.Length > 0)]
        : throw new Llm4MsrException(FaultKind.BadInput, $"There is no file '{path}'.");
}
