using System.Globalization;
using Llm4Msr.Cli.Configuration;
using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning;
using Llm4Msr.Reasoning.Prompts;
using Spectre.Console;

namespace Llm4Msr.Cli.Grids;

/// <summary>What a language model was asked and said about one user and about the scenarios, beside what the paper's Figure 5 shows.</summary>
internal static class PaperFigure5
{
    /// <summary>What the figure shows, in other words.</summary>
    private static readonly string[] s_paper =
    [
        "Data and model: user_1 of KuaiSAR-small, ChatGLM2-6B.",
        "Common interests: education, met several times in both scenarios.",
        "Distinct interests: talent in search, music in recommendation, and more that the figure leaves out.",
        "Summary: education, make-up and emotional content in both; talent, photography, music, parenting, health and others mostly in one.",
        "Scenarios: in both users meet items; in search they type queries, in recommendation items follow from behaviour and features; recommendation has more of everything, and many items are in both.",
    ];

    /// <param name="Positives">By scenario, before the rank.</param>
    /// <param name="Prompt">Null where the data and the template do not give it.</param>
    private sealed record UserCase(string User, long AsOfRank, IReadOnlyDictionary<string, int> Positives, string? Prompt, string Text);

    private sealed record ScenarioCase(string Scenario, string? Prompt, string Text);

    /// <returns>Why a store cannot show a case; null where it can.</returns>
    public static string? WhyNot(KnowledgeStore store) => store.Records().Any(r => r.Key.Level == KnowledgeLevel.User && r.Text.Length > 0)
        ? null
        : $"'{store.Path}' holds vectors and no texts of users, so that there is no case to show; name a store that a language model made";

    /// <param name="user">Null for the one with the most positives among those with some in every scenario.</param>
    public static ReproducedPart Of(InteractionDataset data, KnowledgeStore store, string? user, PromptTemplate template, string output)
    {
        if (WhyNot(store) is { } reason)
            throw new Llm4MsrException(FaultKind.BadInput, $"figure5 cannot be made: {reason}.");
        store.RequireInteractions(data.Description.InteractionsHash);
        var prompts = new StoredPrompts(data, template, store.Fingerprint.HistoryLength);
        var timeline = new UserTimeline(data.Interactions.User, data.Encoder.Users.Count);
        var newest = Newest(store);
        var chosen = user is null ? Chosen(data, timeline, newest.Values) : newest.GetValueOrDefault(user) ?? throw new Llm4MsrException(FaultKind.BadInput,
            $"'{store.Path}' holds no text about the user '{user}'. Either it was not asked about, or it has no positive interaction. Leave --user out for one that has.");
        var shown = new UserCase(chosen.Key.Id, chosen.AsOfRank, Positives(data, timeline, chosen), prompts.Of(chosen)?.Text, chosen.Text);
        List<ScenarioCase> scenarios = [.. store.Records()
            .Where(r => r.Key.Level == KnowledgeLevel.Scenario && r.Basis == data.Description.TrainingPartHash)
            .Select(r => new ScenarioCase(r.Key.Id, prompts.Of(r)?.Text, r.Text))];
        var model = new { output, source = store.Fingerprint.Source, user = shown, scenarios, paper = s_paper };
        Directory.CreateDirectory(output);
        Config.WriteFile(Path.Combine(output, "figure5.json"), model);
        string[] lines = [.. Lines(store.Fingerprint.Source, data.Description.Source, shown, scenarios)];
        DurableFile.WriteText(Path.Combine(output, "figure5.txt"), string.Concat(lines.Select(line => line + "\n")));
        return new ReproducedPart(Reproduced.Figure5, model, console =>
        {
            foreach (var line in lines)
                console.WriteLine(line);
        });
    }

    private static IEnumerable<string> Lines(string source, string data, UserCase user, IReadOnlyList<ScenarioCase> scenarios)
    {
        const string NoPrompt = "(the data and this template do not give the prompt: it was asked with another --template, or the model's tokenizer cut a title)";
        yield return string.Create(CultureInfo.InvariantCulture,
            $"figure5: {source} on user {user.User} of {data}, as of rank {user.AsOfRank}; liked before it: {string.Join(", ", user.Positives.Select(p => $"{p.Value} in {p.Key}"))}");
        yield return "";
        yield return $"> {user.Prompt ?? NoPrompt}";
        yield return user.Text;
        foreach (var scenario in scenarios)
        {
            yield return "";
            yield return $"Scenario {scenario.Scenario}";
            yield return $"> {scenario.Prompt ?? NoPrompt}";
            yield return scenario.Text;
        }
        yield return "";
        yield return "The paper's figure 5, in other words:";
        foreach (var line in s_paper)
            yield return $"  {line}";
        yield return "A text is what a language model said, not what is true of a user, and models of scenarios read its hidden state, never the text.";
    }

    /// <summary>By user, the newest record with a text, without its vectors.</summary>
    private static Dictionary<string, KnowledgeRecord> Newest(KnowledgeStore store)
    {
        Dictionary<string, KnowledgeRecord> newest = new(StringComparer.Ordinal);
        foreach (var record in store.Records().Where(r => r.Key.Level == KnowledgeLevel.User && r.Text.Length > 0))
        {
            if (!newest.TryGetValue(record.Key.Id, out var known) || record.AsOfRank >= known.AsOfRank)
                newest[record.Key.Id] = record with { Vectors = [] };
        }
        return newest;
    }

    /// <summary>Of those with positives in the most scenarios the one with the most; of equals the first by id.</summary>
    private static KnowledgeRecord Chosen(InteractionDataset data, UserTimeline timeline, IEnumerable<KnowledgeRecord> records) => records
        .Where(r => data.Encoder.Users.Contains(r.Key.Id)).OrderBy(r => r.Key.Id, StringComparer.Ordinal)
        .Select(record => (Record: record, Positives: Positives(data, timeline, record)))
        .MaxBy(user => (user.Positives.Count(p => p.Value > 0), user.Positives.Values.Sum())).Record
        ?? throw new Llm4MsrException(FaultKind.BadInput, "The store holds texts of no user of these data. Name the data that it was made from.");

    private static Dictionary<string, int> Positives(InteractionDataset data, UserTimeline timeline, KnowledgeRecord record)
    {
        var counts = new int[data.Description.Scenarios.Count];
        foreach (var rank in timeline.RanksOf(data.Encoder.Users.RowOf(record.Key.Id)))
        {
            if (rank < record.AsOfRank && data.Interactions.Positive[rank])
                counts[data.Interactions.Scenario[rank]]++;
        }
        return data.Description.Scenarios.Zip(counts).ToDictionary(s => s.First.Name, s => s.Second);
    }
}
