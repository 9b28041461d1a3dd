using System.CommandLine;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr knowledge</c>: plan it, look at what is stored, compare and check it, take it in and out.</summary>
internal static class KnowledgeVerb
{
    public static Command Create(Cli cli) => new Verb("knowledge", "Plan knowledge, look at what is stored, compare it, check it, take it in and out.",
        "llm4msr knowledge stats knowledge.db")
    {
        KnowledgePlanVerb.Create(cli), Stats(cli), KnowledgeShowVerb.Create(cli), KnowledgeDiffVerb.Create(cli), Verify(cli),
        KnowledgeImportVerb.Create(cli), KnowledgeExportVerb.Create(cli), KnowledgeEncodeVerb.Create(cli),
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
}
