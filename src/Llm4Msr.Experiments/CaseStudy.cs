using System.Text.RegularExpressions;
using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Reasoning;
using Llm4Msr.Reasoning.Prompts;
using Llm4Msr.Serving;

namespace Llm4Msr.Experiments;

/// <summary>An item of a prompt that the answer leans on.</summary>
/// <param name="Words">Of the answer, lower case: those that the item holds too, and those that go with it among all users.</param>
public sealed record PromptLine(string Text, IReadOnlyList<string> Words);

/// <summary>One user: what was asked, what was said, which of the prompt's lines the answer takes up, and what the model does with it.</summary>
/// <param name="Text">The language model's answer.</param>
/// <param name="Prompt">Null where the data and the template do not give it.</param>
/// <param name="ItemsInPrompt">How many items the prompt names.</param>
/// <param name="Leaned">Those that share a word with the answer, or that a word of the answer goes with (<see cref="WordCompany"/>), most words first.</param>
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
    /// <param name="cutTokens">As the language model that was asked cuts long titles; null where it is not known.</param>
    /// <returns>Null where nobody has a text.</returns>
    public static CaseStudy? Of(
        InteractionDataset data, int[] ranks, KnowledgeStore store, PromptTemplate template, ReportedRun? run, string? user, Func<string, int, string>? cutTokens = null)
    {
        var users = data.Encoder.Users.Keys;
        var record = user is not null ? store.Newest(KnowledgeKey.ForUser(user)) : ranks.GroupBy(rank => data.Interactions.User[rank])
            .OrderByDescending(rows => rows.Count()).ThenBy(rows => users[rows.Key], StringComparer.Ordinal)
            .Select(rows => store.Newest(KnowledgeKey.ForUser(users[rows.Key]))).FirstOrDefault(found => found is { Text.Length: > 0 });
        if (record is not { Text.Length: > 0 } || !data.Encoder.Users.Contains(record.Key.Id))
            return null;

        var row = data.Encoder.Users.RowOf(record.Key.Id);
        Explanation? explanation = null;
        if (run?.Folder.Knowledge is { } knowledge && store.IsSourceOf(knowledge.Origin) && ranks.Where(rank => data.Interactions.User[rank] == row).Select(rank => (int?)rank).LastOrDefault() is { } last)
        {
            using var explainer = PredictionExplainer.Load(run.Folder, run.Seeds.Keys.First());
            explanation = explainer.Explain(data, last);
            record = store.RecordsOf(record.Key).FirstOrDefault(r => r.AsOfRank == explanation.Knowledge?.AsOfRank) ?? record; // the text that this row sees
        }
        var prompt = new StoredPrompts(data, template, store.Fingerprint.HistoryLength, cutTokens).Of(record)?.Text;
        var histories = new Histories(data, template, store.Fingerprint.HistoryLength);
        List<string> named = prompt is null ? [] : [.. histories.ItemsBefore(row, record.AsOfRank).Where(name => prompt.Contains(name, StringComparison.Ordinal))];
        var company = prompt is null ? null : WordCompany.Of(store, data, histories, named, SaidOfItems(prompt, named, record.Text));
        var scenarios = data.Description.Scenarios.Select(s => (s.Name, store.RecordsOf(KnowledgeKey.ForScenario(s.Name)).FirstOrDefault(r => r.Basis == data.Description.TrainingPartHash)?.Text))
            .Where(s => s.Text is { Length: > 0 }).ToDictionary(s => s.Name, s => s.Text!);
        return new CaseStudy(record.Key.Id, record.AsOfRank, record.Text, prompt, named.Count,
            prompt is null ? [] : Lean(prompt, named, record.Text, company!.WordsOf), explanation, scenarios);
    }

    /// <summary>Lines of the prompt that the answer leans on; words that the prompt says anyway do not count.</summary>
    /// <param name="associated">Words of the answer that go with an item among all users.</param>
    internal static IReadOnlyList<PromptLine> Lean(string prompt, IReadOnlyList<string> items, string answer, Func<string, HashSet<string>, IEnumerable<string>> associated)
    {
        var said = SaidOfItems(prompt, items, answer);
        return [.. items.Select(item => new PromptLine(item, [.. Words(item).Where(said.Contains).Union(associated(item, said), StringComparer.Ordinal)]))
            .Where(line => line.Words.Count > 0).OrderByDescending(line => line.Words.Count)];
    }

    /// <summary>The answer's words that stand nowhere in the prompt but in its items, if there.</summary>
    private static HashSet<string> SaidOfItems(string prompt, IReadOnlyList<string> items, string answer)
    {
        var frame = items.OrderByDescending(item => item.Length).Aggregate(prompt, (left, item) => left.Replace(item, " ", StringComparison.Ordinal));
        return Words(answer).Except(Words(frame)).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Lower case, each once.</summary>
    internal static IEnumerable<string> Words(string text) =>
        Word().Matches(text).Select(m => m.Value.ToLowerInvariant()).Where(word => word.Length >= ShortestWord && !word.All(char.IsDigit)).Distinct(StringComparer.Ordinal);

    [GeneratedRegex(@"[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*")]
    internal static partial Regex Word();
}
