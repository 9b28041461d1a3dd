using CsCheck;
using Llm4Msr.Data;
using Llm4Msr.Platform;

namespace Llm4Msr.Tests.Data;

public class SplitsTests
{
    private const int Users = 20;

    private static readonly string[] s_users = [.. Enumerable.Range(1, Users).Select(u => $"{u}")];

    private static readonly Gen<InteractionTable> s_tables = Gen.Int[0, Users - 1].Array[1, 400].Select(TableOf);

    [Fact]
    public void TheGlobalCutTrainsOnlyOnWhatCameBefore() => s_tables.Sample(table =>
    {
        var parts = Splits.Assign(new SplitOptions(SplitKind.Global), table.User, s_users);

        Assert.Equal(parts.Order(), parts); // training, then validation, then test
        Assert.Equal(table.Count * 8 / 10, parts.Count(p => p == Part.Training));
        Assert.Equal(table.Count * 9 / 10, parts.Count(p => p != Part.Test));
    });

    [Fact]
    public void TheUserSplitCutsEachUsersOwnRows() => s_tables.Sample(table =>
    {
        var parts = Splits.Assign(new SplitOptions(SplitKind.User), table.User, s_users);

        foreach (var own in RanksByUser(table))
        {
            var ordered = own.Select(rank => parts[rank]).ToList();
            Assert.Equal(ordered.Order(), ordered);
            Assert.Equal(own.Count() * 8 / 10, ordered.Count(p => p == Part.Training));
            Assert.Equal(own.Count() * 9 / 10, ordered.Count(p => p != Part.Test));
        }
    });

    [Fact]
    public void HeldOutUsersAreNeverTrainedOnAndScoredOnTheirLastTwoTenths() =>
        Gen.Select(s_tables, Gen.Int[1, 5], Gen.Int[0, 1000]).Sample((table, fold, seed) =>
        {
            var parts = Splits.Assign(new SplitOptions(SplitKind.UserHoldout, fold, Seed: seed), table.User, s_users);

            foreach (var own in RanksByUser(table))
            {
                var history = own.Count() * 8 / 10;
                var kind = own.Select(rank => parts[rank]).Where(p => p != Part.Unused).Distinct().SingleOrDefault(Part.Unused);
                var used = kind == Part.Training ? own.Take(history) : own.Skip(history);
                Assert.All(used, rank => Assert.Equal(kind, parts[rank]));
                Assert.All(own.Except(used), rank => Assert.Equal(Part.Unused, parts[rank]));
            }
        });

    [Fact]
    public void OverTheFoldsEachUserIsTestedOnceAndATenthValidates()
    {
        var table = TableOf([.. Enumerable.Range(0, Users * 10).Select(k => k % Users)]);
        var tested = new int[Users];
        for (var fold = 1; fold <= 5; fold++)
        {
            var parts = Splits.Assign(new SplitOptions(SplitKind.UserHoldout, fold), table.User, s_users);
            foreach (var user in UsersIn(Part.Test, parts, table))
                tested[user]++;
            Assert.Equal(Users / 10, UsersIn(Part.Validation, parts, table).Count());
        }
        Assert.All(tested, times => Assert.Equal(1, times));
    }

    [Fact]
    public void NamedUsersAreHeldOut()
    {
        var table = TableOf([.. Enumerable.Range(0, Users * 10).Select(k => k % Users)]);

        var parts = Splits.Assign(new SplitOptions(SplitKind.UserHoldout, Holdout: new HeldOutUsers(["3", "7"], ["5"])), table.User, s_users);

        Assert.Equal([2, 6], UsersIn(Part.Test, parts, table));
        Assert.Equal([4], UsersIn(Part.Validation, parts, table));
    }

    [Theory]
    [InlineData("99", "1", "The held-out user '99' is not in the data. Name users as the data does.")]
    [InlineData("1", "1", "The user '1' is held out twice. Name each user once, for test or for validation.")]
    public void AWrongListOfHeldOutUsersIsRefused(string test, string validation, string message)
    {
        var options = new SplitOptions(SplitKind.UserHoldout, Holdout: new HeldOutUsers([test], [validation]));

        var error = Assert.Throws<Llm4MsrException>(() => Splits.Assign(options, [0, 1], s_users));

        Assert.Equal((FaultKind.BadInput, message), (error.Kind, error.Message));
    }

    [Fact]
    public void AFoldThatDoesNotExistIsRefused()
    {
        var error = Assert.Throws<Llm4MsrException>(() => Splits.Assign(new SplitOptions(SplitKind.UserHoldout, Fold: 6), [0], s_users));

        Assert.Equal("Fold 6/5 does not exist: the first number runs from 1 to the second, and the second is at least 2.", error.Message);
    }

    [Fact]
    public void ASnapshotIsOlderThanWhatItIsShownTo() => Gen.Select(s_tables, Gen.Int[0, 10]).Sample((table, tenths) =>
    {
        var timeline = new UserTimeline(table.User, Users);
        for (var user = 0; user < Users; user++)
        {
            int[] own = [.. Enumerable.Range(0, table.Count).Where(rank => table.User[rank] == user)];
            Assert.Equal(own, timeline.RanksOf(user).ToArray());
            var inSnapshot = own.Where(rank => rank < (timeline.AsOfTenths(user, tenths) ?? 0));
            Assert.Equal(own.Take(own.Length * tenths / 10), inSnapshot);
        }
    });

    private static InteractionTable TableOf(int[] users) =>
        new(new int[users.Length], users, new int[users.Length], new bool[users.Length], new bool[users.Length], new long[users.Length], []);

    private static IEnumerable<IGrouping<int, int>> RanksByUser(InteractionTable table) =>
        Enumerable.Range(0, table.Count).GroupBy(rank => table.User[rank]);

    private static IEnumerable<int> UsersIn(Part part, Part[] parts, InteractionTable table) =>
        Enumerable.Range(0, parts.Length).Where(rank => parts[rank] == part).Select(rank => table.User[rank]).Distinct().Order();
}
