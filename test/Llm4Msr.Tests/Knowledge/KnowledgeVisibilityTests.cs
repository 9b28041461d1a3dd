using CsCheck;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;

namespace Llm4Msr.Tests.Knowledge;

/// <summary>Each protocol against the sentence that defines it, on random interactions.</summary>
public class KnowledgeVisibilityTests
{
    private const int Ranks = 60;

    /// <summary>Users u0, u1, ... in the log; the table has some of them, and some that never appear.</summary>
    private sealed record Case(string[] Users, int[] UserOfRank, bool[] IsEvaluated, SortedDictionary<string, long[]> AsOfRanks)
    {
        public int[] RowsSeen(KnowledgeProtocol protocol) => Table(protocol).RowsSeen(Users, UserOfRank, IsEvaluated);

        public KnowledgeTable Table(KnowledgeProtocol protocol) => TableOf(protocol, AsOfRanks);

        /// <summary>Row and rank of each of a user's snapshots, found by counting.</summary>
        public IEnumerable<(int Row, long AsOf)> SnapshotsOf(string user) =>
            AsOfRanks.SelectMany(u => u.Value.Select(rank => (User: u.Key, Rank: rank))).Select((s, row) => (s.User, row, s.Rank))
                .Where(s => s.User == user).Select(s => (s.row, s.Rank));
    }

    private static Gen<Case> Cases(int mostSnapshots) =>
        from users in Gen.Int[1, 7]
        from userOfRank in Gen.Int[0, users - 1].Array[Ranks]
        from evaluated in Gen.Int[0, Ranks - 1].Array[0, 3] // few, so that cases with and without a leak are both common
        from snapshots in Gen.Long[0, Ranks + 5].Array[0, mostSnapshots].Array[users + 1]
        select new Case(
            [.. Enumerable.Range(0, users).Select(u => $"u{u}")], userOfRank, [.. Enumerable.Range(0, Ranks).Select(evaluated.Contains)],
            new(snapshots.Select((ranks, u) => (Id: $"u{u}", Ranks: ranks.Distinct().Order().ToArray())).Where(s => s.Ranks.Length > 0).ToDictionary(s => s.Id, s => s.Ranks), StringComparer.Ordinal));

    [Fact]
    public void UnderPastOnlyARowSeesTheNewestSnapshotThatIsNotYoungerThanItself() => Cases(mostSnapshots: 4).Sample(c =>
    {
        var expected = c.UserOfRank.Select((user, rank) =>
            c.SnapshotsOf(c.Users[user]).Where(s => s.AsOf <= rank).OrderBy(s => s.AsOf).Select(s => s.Row).LastOrDefault(-1));

        Assert.Equal(expected, c.RowsSeen(KnowledgeProtocol.PastOnly));
    });

    [Fact]
    public void UnderPastOnlyNoRowSeesKnowledgeMadeFromItselfOrLater() => Cases(mostSnapshots: 4).Sample(c =>
    {
        long[] asOfRanks = [.. c.AsOfRanks.SelectMany(u => u.Value)];
        string[] ownerOfRow = [.. c.AsOfRanks.SelectMany(u => u.Value.Select(_ => u.Key))];
        foreach (var (row, rank) in c.RowsSeen(KnowledgeProtocol.PastOnly).Select((row, rank) => (row, rank)).Where(s => s.row >= 0))
        {
            Assert.True(asOfRanks[row] <= rank, $"rank {rank} sees knowledge as of {asOfRanks[row]}");
            Assert.Equal(c.Users[c.UserOfRank[rank]], ownerOfRow[row]);
        }
    });

    [Fact]
    public void UnderTrainPartEveryRowSeesTheOneSnapshotUnlessThatWouldLeak() => Cases(mostSnapshots: 1).Sample(c =>
    {
        var leaks = c.UserOfRank.Where((user, rank) => c.IsEvaluated[rank] && c.SnapshotsOf(c.Users[user]).Any(s => rank < s.AsOf)).Any();
        if (leaks)
            Assert.Equal(FaultKind.BadInput, Assert.Throws<Llm4MsrException>(() => c.RowsSeen(KnowledgeProtocol.TrainPart)).Kind);
        else
            Assert.Equal(c.UserOfRank.Select(user => c.SnapshotsOf(c.Users[user]).Select(s => s.Row).SingleOrDefault(-1)), c.RowsSeen(KnowledgeProtocol.TrainPart));
    }, iter: 1_000);

    [Fact]
    public void UnderWholePeriodEveryRowSeesTheNewestSnapshot() => Cases(mostSnapshots: 3).Sample(c => Assert.Equal(
        c.UserOfRank.Select(user => c.SnapshotsOf(c.Users[user]).Select(s => s.Row).LastOrDefault(-1)), c.RowsSeen(KnowledgeProtocol.WholePeriod)));

    [Fact]
    public void ASnapshotIsSeenFromItsOwnRankOn()
    {
        var table = TableOf(KnowledgeProtocol.PastOnly, new() { ["a"] = [2, 4] }); // made from ranks 0 to 1, and 0 to 3

        Assert.Equal([-1, -1, 0, 0, 1, 1], table.RowsSeen(["a"], [0, 0, 0, 0, 0, 0], new bool[6]));
    }

    [Fact]
    public void ALeakUnderTrainPartIsNamed()
    {
        var table = TableOf(KnowledgeProtocol.TrainPart, new() { ["a"] = [2], ["b"] = [3] });

        Assert.Equal([0, 1, 0, 1], table.RowsSeen(["a", "b"], [0, 1, 0, 1], [false, false, true, true]));
        var error = Assert.Throws<Llm4MsrException>(() => table.RowsSeen(["a", "b"], [0, 1, 1, 0], [false, false, true, true]));
        Assert.Equal("User 'b' is evaluated on the interaction of rank 2, but its knowledge was made from interactions up to rank 2: that would leak. "
            + "Reason for this split into a store of its own, or use 'past-only'.", error.Message);
    }

    [Fact]
    public void SeveralSnapshotsUnderTrainPartAreNamed()
    {
        var table = TableOf(KnowledgeProtocol.TrainPart, new() { ["a"] = [2, 5] });

        Assert.Equal("User 'a' has 2 snapshots, but 'train-part' means one. Reason for this split into a store of its own.",
            Assert.Throws<Llm4MsrException>(() => table.RowsSeen(["a"], [0], [false])).Message);
    }

    [Fact]
    public void FlagsForOtherInteractionsAreRefused() => Assert.Throws<ArgumentOutOfRangeException>(
        () => TableOf(KnowledgeProtocol.PastOnly, []).RowsSeen(["a"], [0, 0], [false]));

    internal static KnowledgeTable TableOf(KnowledgeProtocol protocol, SortedDictionary<string, long[]> asOfRanks)
    {
        var fingerprint = Samples.Fingerprint with { Protocol = protocol, UserWidth = 2 };
        var users = asOfRanks.Select(u => new UserSnapshots(u.Key, u.Value)).ToList();
        var vectors = Enumerable.Range(0, 2 * users.Sum(u => u.AsOfRanks.Count)).Select(v => (float)v).ToArray(); // row r holds [2r, 2r + 1]
        return new KnowledgeTable(new KnowledgeOrigin(fingerprint, Samples.State, Samples.Basis, Samples.Interactions, "c"), users, vectors, ["s"], [1, 2, 3, 4, 5]);
    }
}
