using Llm4Msr.Data;
using Llm4Msr.Testing;
using Llm4Msr.Training;

namespace Llm4Msr.Tests.Training;

public sealed class UserActivityTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void WhatIsScoredDoesNotMakeAUserActive()
    {
        var data = SampleData.Prepared(_scratch);

        var activity = UserActivity.Of(data);

        Assert.Equal(data.RanksOf(Part.Training).Length, activity.Sum());
        Assert.All(Enumerable.Range(0, activity.Length), user => Assert.Equal(data.RanksOf(Part.Training).Count(rank => data.Interactions.User[rank] == user), activity[user]));
    }

    [Fact]
    public void AHeldOutUserIsAsActiveAsTheirHistory()
    {
        var data = SampleData.Prepared(_scratch, split: new SplitOptions(SplitKind.UserHoldout));

        var activity = UserActivity.Of(data);

        foreach (var user in data.RanksOf(Part.Test).Select(rank => data.Interactions.User[rank]).Distinct())
            Assert.Equal(data.RanksOf(Part.Unused).Count(rank => data.Interactions.User[rank] == user), activity[user]);
        foreach (var user in data.RanksOf(Part.Training).Select(rank => data.Interactions.User[rank]).Distinct()) // what they do later is neither
            Assert.Equal(data.RanksOf(Part.Training).Count(rank => data.Interactions.User[rank] == user), activity[user]);
    }

    [Theory]
    [InlineData(10, 3)]
    [InlineData(11, 4)] // rounded up
    [InlineData(50, 15)]
    public void TheMostActiveAreAtLeastAsActiveAsAllOthers(double percent, int count)
    {
        var data = SampleData.Prepared(_scratch);
        var activity = UserActivity.Of(data);

        var chosen = UserActivity.MostActive(data, percent);

        Assert.Equal(count, chosen.Count);
        var others = data.Encoder.Users.Keys.Where(id => !chosen.Contains(id)).Max(id => activity[data.Encoder.Users.RowOf(id)]);
        Assert.True(chosen.Min(id => activity[data.Encoder.Users.RowOf(id)]) >= others);
        Assert.Equal(chosen.Order(), UserActivity.MostActive(data, percent).Order());
    }
}
