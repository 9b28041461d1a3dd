using CsCheck;
using Llm4Msr.Evaluation;

namespace Llm4Msr.Tests.Evaluation;

public class GroupedAucTests
{
    [Fact]
    public void GroupedAucIsTheMeanOfUsersOwnAucWeightedByTheirRows() =>
        Gen.Select(Gen.Int[0, 5].Select(k => k / 4f), Gen.Bool, Gen.Int[0, 6]).Array[0, 60].Sample(rows =>
        {
            var users = rows.GroupBy(r => r.Item3)
                .Select(u => (Rows: u.Count(), Auc: Definitions.Auc([.. u.Select(r => r.Item1)], [.. u.Select(r => r.Item2 ? 1f : 0f)]))).ToList();
            var counted = users.Where(u => u.Auc is not null).ToList();

            var grouped = GroupedAuc.Of([.. rows.Select(r => r.Item1)], [.. rows.Select(r => r.Item2 ? 1f : 0f)], [.. rows.Select(r => r.Item3)]);

            Assert.Equal((counted.Count, users.Count - counted.Count), (grouped.Users, grouped.LeftOut));
            Assert.Equal(counted.Count == 0, grouped.Value is null);
            if (counted.Count > 0)
                Assert.Equal(counted.Sum(u => u.Rows * u.Auc!.Value) / counted.Sum(u => u.Rows), grouped.Value!.Value, 1e-12);
        });

    [Fact]
    public void UsersOfOneClassAreLeftOutAndCounted()
    {
        // User 7 orders its two rows right, user 2 has clicks only, user 0 none.
        var grouped = GroupedAuc.Of([2, 1, 5, 6, 9], [1, 0, 1, 1, 0], [7, 7, 2, 2, 0]);

        Assert.Equal(new GroupedAuc(1.0, Users: 1, LeftOut: 2), grouped);
        Assert.Equal(new GroupedAuc(null, 0, 2), GroupedAuc.Of([1, 2], [1, 0], [3, 4]));
        Assert.Equal(new GroupedAuc(null, 0, 0), GroupedAuc.Of([], [], []));
    }

    [Fact]
    public void OfOneUserItIsTheAuc() =>
        Assert.Equal(Auc.Of([1, 3, 2, 2], [0, 1, 1, 0]), GroupedAuc.Of([1, 3, 2, 2], [0, 1, 1, 0], [4, 4, 4, 4]).Value);

    [Fact]
    public void TellingActiveUsersFromOthersEarnsNothing()
    {
        // Each user's rows are in the wrong order, but who clicks more has higher scores throughout.
        float[] scores = [11, 12, 13, 14, 1, 2, 3, 4], labels = [1, 1, 1, 0, 1, 0, 0, 0];
        int[] users = [0, 0, 0, 0, 1, 1, 1, 1];

        Assert.Equal(0, GroupedAuc.Of(scores, labels, users).Value);
        Assert.True(Auc.Of(scores, labels) > 0.5);
    }
}
