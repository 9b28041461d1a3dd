using Llm4Msr.Data;

namespace Llm4Msr.Reasoning.Prompts;

/// <summary>What a user liked before a rank, most recent first, at most T of it per scenario.</summary>
/// <param name="User">Row of the user table.</param>
/// <param name="AsOfRank">Only interactions with a lower rank are in it.</param>
/// <param name="Liked">Newest first, all scenarios together.</param>
public sealed record UserHistory(int User, int AsOfRank, IReadOnlyList<LikedItem> Liked)
{
    /// <summary>The same without the oldest <paramref name="count"/> items.</summary>
    public UserHistory WithoutOldest(int count) => this with { Liked = [.. Liked.SkipLast(count)] };

    /// <param name="perScenario">The paper's T.</param>
    public static UserHistory Of(InteractionTable interactions, UserTimeline timeline, int user, int asOfRank, int scenarios, int perScenario)
    {
        List<LikedItem> liked = [];
        var taken = new int[scenarios];
        var ranks = timeline.RanksOf(user);
        for (var k = ranks.Length - 1; k >= 0; k--)
        {
            var rank = ranks[k];
            var scenario = interactions.Scenario[rank];
            if (rank >= asOfRank || !interactions.Positive[rank] || taken[scenario] == perScenario)
                continue;
            taken[scenario]++;
            liked.Add(new LikedItem(rank, scenario, interactions.Item[rank]));
        }
        return new UserHistory(user, asOfRank, liked);
    }
}

public sealed record LikedItem(int Rank, int Scenario, int Item);
