using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Reasoning.Prompts;

namespace Llm4Msr.Reasoning;

/// <summary>The prompt that a stored record answers, written again from the data: a store keeps its hash alone.</summary>
public sealed class StoredPrompt(InteractionDataset data, KnowledgeFingerprint fingerprint, PromptTemplate template)
{
    private readonly PromptBuilder _builder = new(data, template);
    private readonly UserTimeline _timeline = new(data.Interactions.User, data.Encoder.Users.Count);

    /// <returns>Null where no prompt of this data and template has the record's hash.</returns>
    public Prompt? Of(KnowledgeRecord record) => Candidates(record).FirstOrDefault(prompt => prompt.Hash == record.PromptHash);

    private IEnumerable<Prompt> Candidates(KnowledgeRecord record)
    {
        var scenarios = data.Description.Scenarios;
        if (record.Key.Level == KnowledgeLevel.Scenario)
            return Enumerable.Range(0, scenarios.Count).Where(s => scenarios[s].Name == record.Key.Id).Select(_builder.ForScenario);
        if (!data.Encoder.Users.Contains(record.Key.Id))
            return [];
        var user = data.Encoder.Users.RowOf(record.Key.Id);
        // Older knowledge that has to do stands at a later rank than its prompt's, which its time tells.
        int[] ranks = [(int)Math.Min(record.AsOfRank, data.Interactions.Count), .. _timeline.RanksOf(user).ToArray().Where(rank => data.Interactions.Time[rank] <= record.AsOfTime).Select(rank => rank + 1).Reverse()];
        return ranks
            .Select(rank => UserHistory.Of(data.Interactions, _timeline, user, rank, scenarios.Count, fingerprint.HistoryLength))
            .Where(history => history.Liked.Count > record.CutItems)
            .Select(history => _builder.ForUser(history.WithoutOldest(record.CutItems), record.CutItems));
    }
}
