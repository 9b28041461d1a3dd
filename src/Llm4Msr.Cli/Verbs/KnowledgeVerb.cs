using System.CommandLine;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;
using Spectre.Console;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr knowledge</c>: look at what is stored, check it, take it in and out.</summary>
internal static class KnowledgeVerb
{
    public static Command Create(Cli cli) => new Verb("knowledge", "Look at stored knowledge, check it, take it in and out.",
        "llm4msr knowledge stats knowledge.db") { Stats(cli), Show(cli), Verify(cli), KnowledgeImportVerb.Create(cli), KnowledgeExportVerb.Create(cli), KnowledgeEncodeVerb.Create(cli) };

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
}
