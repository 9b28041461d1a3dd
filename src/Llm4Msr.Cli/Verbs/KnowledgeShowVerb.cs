using System.CommandLine;
using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning;
using Llm4Msr.Reasoning.Prompts;
using Spectre.Console;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr knowledge show</c>: what was asked and said about a user or a scenario, and who is said to be alike.</summary>
internal static class KnowledgeShowVerb
{
    /// <summary>Of a neighbour's text, in characters, for people.</summary>
    private const int LongestText = 200;

    public static Verb Create(Cli cli)
    {
        var store = KnowledgeVerb.StoreArgument();
        var user = new Option<string?>("--user") { Description = "A user's id." };
        var scenario = new Option<string?>("--scenario") { Description = "A scenario's name." };
        var data = new Option<string?>("--data") { Description = "Folder written by 'llm4msr prepare', from which the prompts are written again.", HelpName = "DATA" };
        var template = PromptDefaults.TemplateOption();
        var state = new Option<string?>("--state") { Description = "Hidden state that neighbours are alike in [default: the store's first]." };
        var neighbours = new Option<int>("--neighbours") { Description = "How many of the others whose vectors are most alike (by cosine) to show.", DefaultValueFactory = _ => 3, HelpName = "N" };
        var verb = new Verb("show", "What was asked and said about a user or a scenario, and who is said to be alike.",
            "llm4msr knowledge show knowledge.db --user 7 --data data", """llm4msr knowledge show knowledge.db --scenario "comedy and family" --neighbours 0""")
        {
            store, user, scenario, data, template, state, neighbours,
        };
        verb.SetAction(parsed =>
        {
            AtLeast.Check(0, ("--neighbours", parsed.GetValue(neighbours)));
            var key = KeyOf(parsed.GetValue(user), parsed.GetValue(scenario));
            using var opened = KnowledgeStore.OpenForReading(parsed.GetRequiredValue(store));
            var index = parsed.GetValue(state) is { } name ? opened.Fingerprint.IndexOf(name) : 0;
            var prompts = parsed.GetValue(data) is { } folder ? PromptsOf(folder, opened, parsed.GetValue(template)) : null;
            var records = opened.RecordsOf(key).Reverse().ToList();
            if (records.Count == 0)
                throw new Llm4MsrException(FaultKind.BadInput, $"The store holds nothing about the {key}. Either it was not asked about yet ('llm4msr reason' goes on where it stopped), or the user has no positive interaction.");
            Shown[] shown =
            [
                .. records.Select((record, k) => new Shown(
                    record.AsOfRank, record.AsOfTime, record.PromptHash, PromptOf(record, prompts), record.PromptTokens, record.NewTokens, record.CutItems, record.Text, Norms(opened, record),
                    k == records.Count - 1 && parsed.GetValue(neighbours) > 0 ? KnowledgeNeighbours.Of(opened, record, index, parsed.GetValue(neighbours)) : null)),
            ];
            cli.Terminal.Result(shown, console =>
            {
                foreach (var record in shown)
                    Print(console, record, opened.Fingerprint, key.Level, opened.Fingerprint.States[index], prompts is not null);
            });
        });
        return verb;
    }

    /// <param name="Prompt">Null without data, and where it cannot be written again.</param>
    /// <param name="Neighbours">Of the newest record.</param>
    private sealed record Shown(
        long AsOfRank, long AsOfTime, string PromptHash, Prompt? Prompt, int PromptTokens, int NewTokens, int CutItems, string Text,
        IReadOnlyDictionary<string, double> Norms, IReadOnlyList<KnowledgeNeighbour>? Neighbours);

    private static StoredPrompts PromptsOf(string folder, KnowledgeStore store, string? template)
    {
        var data = InteractionDataset.Open(folder);
        store.RequireInteractions(data.Description.InteractionsHash);
        return new StoredPrompts(data, PromptDefaults.Template(template), store.Fingerprint.HistoryLength);
    }

    /// <summary>Older knowledge that has to do stands at a later rank than its prompt's.</summary>
    private static Prompt? PromptOf(KnowledgeRecord record, StoredPrompts? prompts) => prompts?.Of(record) ?? prompts?.FromOtherRows(record);

    private static void Print(IAnsiConsole console, Shown record, KnowledgeFingerprint fingerprint, KnowledgeLevel level, string state, bool withPrompt)
    {
        var asked = record.PromptTokens > 0
            ? FormattableString.Invariant($"{record.PromptTokens} prompt and {record.NewTokens} new tokens, {record.CutItems} items cut")
            : "vectors without a text";
        console.WriteLine(FormattableString.Invariant($"as of rank {record.AsOfRank} ({DateTimeOffset.FromUnixTimeSeconds(record.AsOfTime):yyyy-MM-dd}), {asked}"));
        if (withPrompt)
            console.WriteLine($"> {record.Prompt?.Text ?? $"(no prompt of this data and template has the hash {record.PromptHash}: it was asked with another --template, or the model's tokenizer cut a title)"}");
        if (record.PromptTokens > 0)
            console.WriteLine(record.Text);
        foreach (var (name, norm) in record.Norms)
            console.WriteLine(FormattableString.Invariant($"  {name}: {fingerprint.WidthOf(level)} values, norm {norm:F2}"));
        if (record.Neighbours is { Count: > 0 } neighbours)
        {
            console.WriteLine($"  most alike in {state}:");
            foreach (var neighbour in neighbours)
                console.WriteLine(FormattableString.Invariant($"    {neighbour.Cosine:F4} {neighbour.Key} as of rank {neighbour.AsOfRank}{(neighbour.Text.Length > 0 ? ": " : "")}{neighbour.Text.ReplaceLineEndings(" ").Shortened(LongestText)}"));
        }
        console.WriteLine();
    }

    private static Dictionary<string, double> Norms(KnowledgeStore store, KnowledgeRecord record) => store.Fingerprint.States
        .Select((state, k) => (state, record.Vectors[k])).ToDictionary(p => p.state, p => Math.Sqrt(p.Item2.Sum(v => (double)v * v)));

    private static KnowledgeKey KeyOf(string? user, string? scenario) => (user, scenario) switch
    {
        ({ } id, null) => KnowledgeKey.ForUser(id),
        (null, { } name) => KnowledgeKey.ForScenario(name),
        _ => throw new Llm4MsrException(FaultKind.Usage, "Say either --user ID or --scenario NAME."),
    };
}
