using CsCheck;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;

namespace Llm4Msr.Tests.Knowledge;

public class KnowledgeControlsTests
{
    private static readonly Gen<KnowledgeTable> s_tables =
        from counts in Gen.Int[1, 4].Array[2, 9]
        select KnowledgeVisibilityTests.TableOf(KnowledgeProtocol.PastOnly, new(
            counts.Select((count, u) => (u, count)).ToDictionary(c => $"u{c.u}", c => Enumerable.Range(0, c.count).Select(k => (long)(10 * k + c.u)).ToArray()), StringComparer.Ordinal));

    [Fact]
    public void EveryUserCarriesOneOtherUsersVectorsPairedFromTheNewest() => s_tables.Select(Gen.Int).Sample((table, seed) =>
    {
        var shuffled = table.WithUsersShuffled(seed);

        var ownerOfRow = table.Users.SelectMany((u, i) => u.AsOfRanks.Select(_ => i)).ToArray();
        var givers = new List<int>();
        for (var user = 0; user < table.Users.Count; user++)
        {
            var (first, end) = table.RowsOf(user);
            var taken = Enumerable.Range(first, end - first).Select(row => (int)shuffled.UserVector(row)[0] / 2).ToArray(); // row r of the real table holds [2r, 2r + 1]
            var giver = Assert.Single(taken.Select(row => ownerOfRow[row]).Distinct());
            Assert.NotEqual(user, giver);
            givers.Add(giver);
            var (oldest, last) = table.RowsOf(giver);
            Assert.Equal(Enumerable.Range(1, end - first).Reverse().Select(k => Math.Max(oldest, last - k)), taken);
        }
        Assert.Equal(givers.Count, givers.Distinct().Count());
    });

    [Fact]
    public void ShufflingChangesNothingElse() => s_tables.Select(Gen.Int).Sample((table, seed) =>
    {
        var shuffled = table.WithUsersShuffled(seed);

        Assert.Same(table.Users, shuffled.Users);
        Assert.Equal(table.Scenarios, shuffled.Scenarios);
        Assert.Equal(table.ScenarioVectors, shuffled.ScenarioVectors);
        string[] users = [.. table.Users.Select(u => u.Id), "unknown"];
        var userOfRank = Enumerable.Range(0, 50).Select(rank => rank % users.Length).ToArray();
        Assert.Equal(table.RowsSeen(users, userOfRank, new bool[50]), shuffled.RowsSeen(users, userOfRank, new bool[50]));
        Assert.Equal(table.Origin with { Arm = $"shuffled, seed {seed}" }, shuffled.Origin);
    });

    [Fact]
    public void ChanceIsTheSeeds()
    {
        var table = Table(users: 50);

        Assert.Equal(table.WithUsersShuffled(1).UserVectors, table.WithUsersShuffled(1).UserVectors);
        Assert.NotEqual(table.WithUsersShuffled(1).UserVectors, table.WithUsersShuffled(2).UserVectors);
        Assert.Equal(table.WithRandomVectors(1).UserVectors, table.WithRandomVectors(1).UserVectors);
        Assert.NotEqual(table.WithRandomVectors(1).UserVectors, table.WithRandomVectors(2).UserVectors);
    }

    [Fact]
    public void OneUserCannotBeShuffled() => Assert.Equal("Only one user has knowledge, so it cannot be shuffled between users.",
        Assert.Throws<Llm4MsrException>(() => Table(users: 1).WithUsersShuffled(1)).Message);

    [Fact]
    public void TheRealTableIsNotTouched()
    {
        var table = Table(users: 5);
        float[] before = [.. table.UserVectors];

        table.WithUsersShuffled(1);
        table.WithRandomVectors(1);
        table.WithOneVector();

        Assert.Equal(before, table.UserVectors);
    }

    [Fact]
    public void RandomVectorsAreStandardNormalAndTellUsersApartButNotSnapshots()
    {
        var table = Table(users: 5_000);

        var random = table.WithRandomVectors(7);

        Assert.Equal(0, random.UserVectors.Average(), 0.02);
        Assert.Equal(1, random.UserVectors.Average(v => v * v), 0.05);
        Assert.Equal(0.6827, random.UserVectors.Count(v => Math.Abs(v) < 1) / (double)random.UserVectors.Length, 0.02);
        var vectors = Enumerable.Range(0, random.Count).Select(row => (random.UserVector(row)[0], random.UserVector(row)[1])).ToArray();
        Assert.Equal(5_000, vectors.Distinct().Count());
        Assert.All(Enumerable.Range(0, 5_000), u => Assert.Equal(vectors[2 * u], vectors[2 * u + 1]));
        Assert.NotEqual(table.ScenarioVectors, random.ScenarioVectors);
        Assert.Equal(table.Scenarios, random.Scenarios);
        Assert.Equal("random, seed 7", random.Origin.Arm);
    }

    /// <summary>Row r of the table holds [2r, 2r + 1].</summary>
    [Fact]
    public void OneVectorIsTheMeanOfAllAndScenariosKeepTheirs()
    {
        var table = Table(users: 5);

        var constant = table.WithOneVector();

        Assert.All(Enumerable.Range(0, constant.Count), row => Assert.Equal([9f, 10f], constant.UserVector(row).ToArray()));
        Assert.Same(table.Users, constant.Users);
        Assert.Equal(table.ScenarioVectors, constant.ScenarioVectors);
        Assert.Equal("constant", constant.Origin.Arm);
    }

    /// <summary>Users of two snapshots each.</summary>
    private static KnowledgeTable Table(int users) => KnowledgeVisibilityTests.TableOf(KnowledgeProtocol.PastOnly,
        new(Enumerable.Range(0, users).ToDictionary(u => $"u{u:d5}", u => new long[] { u, u + 10 }), StringComparer.Ordinal));
}
