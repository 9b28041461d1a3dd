using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Reasoning.Prompts;

namespace Llm4Msr.Reasoning;

/// <summary>
/// Writes the prompts of stored snapshots again, from the data and a template. A store keeps hashes of prompts: a prompt
/// that gives the same hash is the one that was asked, to the letter.
/// </summary>
/// <param name="historyLength">T, of the store's fingerprint.</param>
/// <param name="cutTokens">As the model that was asked cuts titles of more than 64 tokens; null leaves them whole.</param>
public sealed class StoredPrompts(InteractionDataset data, PromptTemplate template, int historyLength, Func<string, int, string>? cutTokens = null)
{
    private readonly PromptBuilder _builder = new(data, template, cutTokens);
    private readonly UserTimeline _timeline = new(data.Interactions.User, data.Encoder.Users.Count);
    private readonly List<string> _scenarios = [.. data.Description.Scenarios.Select(s => s.Name)];

    /// <summary>The prompt that was asked, or null where the data and the template do not give it.</summary>
    public Prompt? Of(KnowledgeRecord record)
    {
        if (record.Key.Level == KnowledgeLevel.Scenario)
            return _scenarios.IndexOf(record.Key.Id) is >= 0 and var scenario ? IfAsked(_builder.ForScenario(scenario), record) : null;
        return data.Encoder.Users.Contains(record.Key.Id) ? IfAsked(Write(History(record, record.AsOfRank), record), record) : null;
    }

    /// <summary>
    /// For a prompt that its own rank does not give: the one of another rank of the user, or of its own rank with one later
    /// row before the rest; null where none of them was asked.
    /// </summary>
    public Prompt? FromOtherRows(KnowledgeRecord record)
    {
        if (record.Key.Level == KnowledgeLevel.Scenario || !data.Encoder.Users.Contains(record.Key.Id))
            return null;
        var interactions = data.Interactions;
        var own = History(record, record.AsOfRank);
        foreach (var rank in _timeline.RanksOf(own.User))
        {
            if (!interactions.Positive[rank])
                continue;
            var later = new LikedItem(rank, interactions.Scenario[rank], interactions.Item[rank]);
            var asked = IfAsked(Write(History(record, rank + 1L), record), record)
                ?? (rank < record.AsOfRank ? null : IfAsked(Write(own with { Liked = [later, .. own.Liked] }, record), record));
            if (asked is not null)
                return asked;
        }
        return null;
    }

    /// <summary>What stands around the items of a user's prompt.</summary>
    internal string FrameOf(int user) => _builder.ForUser(new UserHistory(user, 0, [])).Text;

    private UserHistory History(KnowledgeRecord record, long asOfRank) => UserHistory.Of(
        data.Interactions, _timeline, data.Encoder.Users.RowOf(record.Key.Id), (int)Math.Min(asOfRank, data.Interactions.Count), _scenarios.Count, historyLength);

    private Prompt Write(UserHistory history, KnowledgeRecord record) => _builder.ForUser(history.WithoutOldest(record.CutItems), record.CutItems);

    private static Prompt? IfAsked(Prompt prompt, KnowledgeRecord record) => prompt.Hash == record.PromptHash ? prompt : null;
}
