using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Testing;

namespace Llm4Msr.Reasoning.Tests;

public sealed class SnapshotPlanTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(SplitKind.User, KnowledgeProtocol.PastOnly, new[] { 4, 8 })]
    [InlineData(SplitKind.UserHoldout, KnowledgeProtocol.PastOnly, new[] { 4, 8 })]
    [InlineData(SplitKind.User, KnowledgeProtocol.TrainPart, new[] { 8 })]
    [InlineData(SplitKind.UserHoldout, KnowledgeProtocol.TrainPart, new[] { 8 })]
    [InlineData(SplitKind.User, KnowledgeProtocol.WholePeriod, new[] { 10 })]
    [InlineData(SplitKind.Global, KnowledgeProtocol.WholePeriod, new[] { 10 })]
    public void SnapshotsHoldTheFirstTenthsOfEachUsersOwnRows(SplitKind split, KnowledgeProtocol protocol, int[] tenths)
    {
        var data = Data(split);
        var timeline = new UserTimeline(data.Interactions.User, data.Encoder.Users.Count);
        for (var user = 0; user < timeline.Users; user++)
            Assert.Equal(tenths.Select(t => timeline.AsOfTenths(user, t)!.Value), SnapshotPlan.RanksFor(data, timeline, protocol, user));
    }

    [Theory]
    [InlineData(KnowledgeProtocol.PastOnly, new[] { 0.5, 1 })]
    [InlineData(KnowledgeProtocol.TrainPart, new[] { 1.0 })]
    public void UnderTheGlobalCutTheyHoldHalfAndAllOfAUsersTrainingRows(KnowledgeProtocol protocol, double[] shares)
    {
        var data = Data(SplitKind.Global);
        var timeline = new UserTimeline(data.Interactions.User, data.Encoder.Users.Count);
        for (var user = 0; user < timeline.Users; user++)
        {
            var training = timeline.RanksOf(user).ToArray().Where(rank => data.Parts[rank] == Part.Training).ToList();
            var inSnapshot = SnapshotPlan.RanksFor(data, timeline, protocol, user).Select(asOf => training.Count(rank => rank < asOf));
            Assert.Equal(shares.Select(share => (int)(training.Count * share)), inSnapshot);
        }
    }

    private InteractionDataset Data(SplitKind split) => SampleLogs.Prepare(
        _scratch, [.. Enumerable.Range(0, 400).Select(k => (k * 7 % 10 + 1, k % 25 + 1, k % 2, k % 3 == 0))], split: new SplitOptions(split));
}
