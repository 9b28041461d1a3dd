using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Reasoning.Prompts;

namespace Llm4Msr.Experiments;

/// <summary>The items that a user's prompt may name, as it names them.</summary>
internal sealed class Histories(InteractionDataset data, PromptTemplate template, int perScenario)
{
    private readonly IReadOnlyList<string> _names = new PromptBuilder(data, template).Items;
    private readonly UserTimeline _timeline = new(data.Interactions.User, data.Encoder.Users.Count);

    /// <param name="user">Row of the user table.</param>
    /// <returns>Newest first, each once.</returns>
    public IEnumerable<string> ItemsBefore(int user, long asOfRank) =>
        UserHistory.Of(data.Interactions, _timeline, user, (int)asOfRank, data.Description.Scenarios.Count, perScenario).Liked
            .Select(liked => _names[liked.Item]).Where(name => name.Length > 0).Distinct(StringComparer.Ordinal);
}

/// <summary>
/// Which words go with which items: those that are said clearly more often about users whose history names the item than about
/// users in general. A language model that infers does not repeat titles, so that shared words alone would not show what it leans on.
/// </summary>
internal sealed class WordCompany
{
    /// <summary>Standard errors that a word's share has to be above its share in general.</summary>
    private const double Clearly = 4;

    /// <summary>Texts that say the word about such users: fewer may be chance.</summary>
    private const int FewestTexts = 3;

    private readonly Dictionary<string, int> _texts = new(StringComparer.Ordinal), _words = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Item, string Word), int> _both = [];
    private int _all;

    private WordCompany()
    {
    }

    /// <summary>Reads every text of the store once.</summary>
    public static WordCompany Of(KnowledgeStore store, InteractionDataset data, Histories histories, IReadOnlyList<string> items, IReadOnlySet<string> words)
    {
        var company = new WordCompany();
        var wanted = items.ToHashSet(StringComparer.Ordinal);
        foreach (var record in store.Records().Where(r => r.Key.Level == KnowledgeLevel.User && data.Encoder.Users.Contains(r.Key.Id)))
        {
            List<string> said = [.. CaseStudy.Words(record.Text).Where(words.Contains)];
            company._all++;
            said.ForEach(word => Count(company._words, word));
            foreach (var item in histories.ItemsBefore(data.Encoder.Users.RowOf(record.Key.Id), record.AsOfRank).Where(wanted.Contains))
            {
                Count(company._texts, item);
                said.ForEach(word => Count(company._both, (item, word)));
            }
        }
        return company;

        static void Count<T>(Dictionary<T, int> counts, T what) where T : notnull => counts[what] = counts.GetValueOrDefault(what) + 1;
    }

    /// <summary>Those of the words that go with the item.</summary>
    public IEnumerable<string> WordsOf(string item, HashSet<string> words) => words.Where(word => GoesWith(item, word));

    private bool GoesWith(string item, string word)
    {
        double texts = _texts.GetValueOrDefault(item), usual = _words.GetValueOrDefault(word) / (double)Math.Max(1, _all);
        var together = _both.GetValueOrDefault((item, word));
        return together >= FewestTexts && together / texts > usual + Clearly * Math.Sqrt(usual * (1 - usual) / texts);
    }
}
