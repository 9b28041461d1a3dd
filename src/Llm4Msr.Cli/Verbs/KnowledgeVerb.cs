using System.CommandLine;
using System.Globalization;
using Llm4Msr.Data;
using Llm4Msr.Import;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;
using Spectre.Console;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr knowledge</c>: look at what is stored, check it, bring in vectors made elsewhere.</summary>
internal static class KnowledgeVerb
{
    public static Command Create(Cli cli) => new Verb("knowledge", "Look at stored knowledge, check it, import it.",
        "llm4msr knowledge stats knowledge.db") { Stats(cli), Show(cli), Verify(cli), Import(cli) };

    private static Argument<string> StoreArgument() => new("store") { Description = "Knowledge store (KNOWLEDGE.db)." };

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

    private static Verb Show(Cli cli)
    {
        var store = StoreArgument();
        var user = new Option<string?>("--user") { Description = "A user's id." };
        var scenario = new Option<string?>("--scenario") { Description = "A scenario's name." };
        var verb = new Verb("show", "What was said about a user or a scenario.",
            "llm4msr knowledge show knowledge.db --user 7", """llm4msr knowledge show knowledge.db --scenario "comedy and family" """.TrimEnd())
        {
            store, user, scenario,
        };
        verb.SetAction(parsed =>
        {
            var key = KeyOf(parsed.GetValue(user), parsed.GetValue(scenario));
            using var opened = KnowledgeStore.OpenForReading(parsed.GetRequiredValue(store));
            var records = opened.Records().Where(r => r.Key == key).OrderBy(r => r.AsOfRank).ToList();
            if (records.Count == 0)
                throw new Llm4MsrException(FaultKind.BadInput, $"The store holds nothing about the {key}. Either it was not asked about yet ('llm4msr reason' goes on where it stopped), or the user has no positive interaction.");
            cli.Terminal.Result(
                records.Select(r => new { r.AsOfRank, r.AsOfTime, r.PromptHash, r.PromptTokens, r.NewTokens, r.CutItems, r.Text, norms = Norms(opened, r) }),
                console =>
                {
                    foreach (var record in records)
                    {
                        var asked = record.PromptTokens > 0
                            ? FormattableString.Invariant($"{record.PromptTokens} prompt and {record.NewTokens} new tokens, {record.CutItems} items cut")
                            : "vectors without a text";
                        console.WriteLine(FormattableString.Invariant(
                            $"as of rank {record.AsOfRank} ({DateTimeOffset.FromUnixTimeSeconds(record.AsOfTime):yyyy-MM-dd}), {asked}"));
                        if (record.PromptTokens > 0)
                            console.WriteLine(record.Text);
                        foreach (var (state, norm) in Norms(opened, record))
                            console.WriteLine(FormattableString.Invariant($"  {state}: {opened.Fingerprint.WidthOf(key.Level)} values, norm {norm:F2}"));
                        console.WriteLine();
                    }
                });
        });
        return verb;
    }

    private static Dictionary<string, double> Norms(KnowledgeStore store, KnowledgeRecord record) => store.Fingerprint.States
        .Select((state, k) => (state, record.Vectors[k])).ToDictionary(p => p.state, p => Math.Sqrt(p.Item2.Sum(v => (double)v * v)));

    private static KnowledgeKey KeyOf(string? user, string? scenario) => (user, scenario) switch
    {
        ({ } id, null) => KnowledgeKey.ForUser(id),
        (null, { } name) => KnowledgeKey.ForScenario(name),
        _ => throw new Llm4MsrException(FaultKind.Usage, "Say either --user ID or --scenario NAME."),
    };

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
