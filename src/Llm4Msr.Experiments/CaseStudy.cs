using System.Text.RegularExpressions;
using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Reasoning.Audit;
using Llm4Msr.Reasoning.Prompts;
using Llm4Msr.Serving;

namespace Llm4Msr.Experiments;

/// <summary>An item of a prompt whose words the answer takes up.</summary>
/// <param name="Words">Those that stand in both, lower case.</param>
public sealed record PromptLine(string Text, IReadOnlyList<string> Words);

/// <summary>One user: what was asked, what was said, which of the prompt's lines the answer takes up, and what the model does with it.</summary>
/// <param name="Text">The language model's answer.</param>
/// <param name="Prompt">Null where the data and the template do not give it.</param>
/// <param name="ItemsInPrompt">How many items the prompt names.</param>
/// <param name="Leaned">Those whose words stand in the answer too and nowhere else in the prompt, most words first.</param>
/// <param name="Explanation">Of one of the user's rows; null where no model reads this knowledge.</param>
/// <param name="Scenarios">What was said about each scenario.</param>
public sealed partial record CaseStudy(
    string User, long AsOfRank, string Text, string? Prompt, int ItemsInPrompt, IReadOnlyList<PromptLine> Leaned, Explanation? Explanation,
    IReadOnlyDictionary<string, string> Scenarios)
{
    private const int ShortestWord = 4;

    /// <param name="ranks">The rows that were scored.</param>
    /// <param name="run">A run with real knowledge; its model is asked about the user's last row. Null for none.</param>
    /// <param name="user">Null for the one with the most rows, of those with a text.</param>
    /// <returns>Null where nobody has a text.</returns>
    public static CaseStudy? Of(InteractionDataset data, int[] ranks, KnowledgeStore store, PromptTemplate template, ReportedRun? run, string? user)
    {
        var users = data.Encoder.Users.Keys;
        var record = user is not null ? store.Newest(KnowledgeKey.ForUser(user)) : ranks.GroupBy(rank => data.Interactions.User[rank])
            .OrderByDescending(rows => rows.Count()).ThenBy(rows => users[rows.Key], StringComparer.Ordinal)
            .Select(rows => store.Newest(KnowledgeKey.ForUser(users[rows.Key]))).FirstOrDefault(found => found is { Text.Length: > 0 });
        if (record is not { Text.Length: > 0 } || !data.Encoder.Users.Contains(record.Key.Id))
            return null;

        var row = data.Encoder.Users.RowOf(record.Key.Id);
        Explanation? explanation = null;
        if (run?.Folder.Knowledge?.Origin.ContentHash == store.ContentHash && ranks.Where(rank => data.Interactions.User[rank] == row).Select(rank => (int?)rank).LastOrDefault() is { } last)
        {
            using var explainer = PredictionExplainer.Load(run.Folder, run.Seeds.Keys.First());
            explanation = explainer.Explain(data, last);
            record = store.RecordsOf(record.Key).FirstOrDefault(r => r.AsOfRank == explanation.Knowledge?.AsOfRank) ?? record; // the text that this row sees
        }
        var prompt = new StoredPrompts(data, template, store.Fingerprint.HistoryLength).Of(record)?.Text;
        var named = prompt is null ? [] : ItemsIn(prompt, data, template, row, record.AsOfRank);
        var scenarios = data.Description.Scenarios.Select(s => (s.Name, store.RecordsOf(KnowledgeKey.ForScenario(s.Name)).FirstOrDefault(r => r.Basis == data.Description.TrainingPartHash)?.Text))
            .Where(s => s.Text is { Length: > 0 }).ToDictionary(s => s.Name, s => s.Text!);
        return new CaseStudy(record.Key.Id, record.AsOfRank, record.Text, prompt, named.Count, prompt is null ? [] : Lean(prompt, named, record.Text), explanation, scenarios);
    }

    /// <summary>Items of the prompt whose words the answer takes up; words that the prompt says anyway do not count.</summary>
    internal static IReadOnlyList<PromptLine> Lean(string prompt, IReadOnlyList<string> items, string answer)
    {
        var frame = items.OrderByDescending(item => item.Length).Aggregate(prompt, (left, item) => left.Replace(item, " ", StringComparison.Ordinal));
        var said = Words(answer).Except(Words(frame)).ToHashSet(StringComparer.Ordinal);
        return [.. items.Select(item => new PromptLine(item, [.. Words(item).Where(said.Contains)])).Where(line => line.Words.Count > 0).OrderByDescending(line => line.Words.Count)];
    }

    /// <summary>Lower case, each once.</summary>
    internal static IEnumerable<string> Words(string text) =>
        Word().Matches(text).Select(m => m.Value.ToLowerInvariant()).Where(word => word.Length >= ShortestWord).Distinct(StringComparer.Ordinal);

    /// <summary>The user's liked items before the snapshot that stand in the prompt, newest first.</summary>
    private static List<string> ItemsIn(string prompt, InteractionDataset data, PromptTemplate template, int user, long asOfRank)
    {
        var names = new PromptBuilder(data, template).Items;
        var timeline = new UserTimeline(data.Interactions.User, data.Encoder.Users.Count);
        return [.. UserHistory.Of(data.Interactions, timeline, user, (int)asOfRank, data.Description.Scenarios.Count, int.MaxValue).Liked
            .Select(liked => names[liked.Item]).Where(name => name.Length > 0 && prompt.Contains(name, StringComparison.Ordinal)).Distinct(StringComparer.Ordinal)];
    }

    [GeneratedRegex(@"[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*")]
    internal static partial Regex Word();
}
