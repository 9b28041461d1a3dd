using Llm4Msr.Evaluation;

namespace Llm4Msr.Experiments.Tests;

public sealed class ActivityGroupTests
{
    private static readonly EvaluationOptions s_options = new() { Replicates = 100, Threads = 1 };

    private readonly Dictionary<int, ScoredRows> _plain = SampleReport.Seeds(error: 1.5), _fused = SampleReport.Seeds(error: 0.2);

    private int[] Users => [.. _plain[1].User.Distinct()];

    [Fact]
    public void UsersOfTheSameActivityAreNeverParted()
    {
        // 12 users with one interaction, 8 with two, 20 with three: quarters of ten would part the first and the last.
        var groups = Groups(user => user < 12 ? 1 : user < 20 ? 2 : 3, minimumUsers: 5);

        Assert.Equal([(1, 1, 12), (2, 2, 8), (3, 3, 20)], groups.Select(g => (g.From, g.To, g.Users)));
    }

    [Fact]
    public void WhereAllDifferThereAreFourGroupsOfAsManyUsers() =>
        Assert.Equal([(5, 14, 10), (15, 24, 10), (25, 34, 10), (35, 44, 10)], Groups(user => 44 - user, minimumUsers: 5).Select(g => (g.From, g.To, g.Users)));

    [Fact]
    public void FewUsersMakeFewerGroupsEachWithTwiceTheUsersOfAnInterval()
    {
        Assert.Equal([20, 20], Groups(user => user, minimumUsers: 10).Select(g => g.Users));
        Assert.Equal([40], Groups(user => user, minimumUsers: 21).Select(g => g.Users));
    }

    /// <summary>The gain of a group is what comparing the rows of its users alone gives.</summary>
    [Fact]
    public void AGainIsThatOfTheGroupsOwnRows()
    {
        var group = Groups(user => user, minimumUsers: 5)[1];

        var own = Users[10..20];
        Assert.Equal(Comparison.Of(Only(_plain), Only(_fused), s_options with { MinimumUsers = 5 }, TestContext.Current.CancellationToken).Mean, group.Gain);
        Assert.NotEqual(Comparison.Of(_plain, _fused, s_options, TestContext.Current.CancellationToken).Mean.Difference, group.Gain.Difference);

        Dictionary<int, ScoredRows> Only(Dictionary<int, ScoredRows> seeds) => seeds.ToDictionary(seed => seed.Key, seed =>
        {
            int[] rows = [.. Enumerable.Range(0, seed.Value.Count).Where(row => own.Contains(seed.Value.User[row]))];
            return new ScoredRows(seed.Value.Scenarios, [.. rows.Select(r => seed.Value.Scenario[r])], [.. rows.Select(r => seed.Value.User[r])],
                [.. rows.Select(r => seed.Value.Logits[r])], [.. rows.Select(r => seed.Value.Clicked[r])]);
        });
    }

    /// <param name="activityOf">By place of the user among those with rows.</param>
    private IReadOnlyList<ActivityGroup> Groups(Func<int, int> activityOf, int minimumUsers)
    {
        var activity = new int[Users.Max() + 1];
        foreach (var (user, place) in Users.Select((user, place) => (user, place)))
            activity[user] = activityOf(place);
        return ActivityGroup.Of(_plain, _fused, activity, s_options with { MinimumUsers = minimumUsers }, CancellationToken.None);
    }
}
