using Llm4Msr.Data;
using Llm4Msr.Reasoning.Audit;
using Llm4Msr.Reasoning.Prompts;
using Llm4Msr.Testing;

namespace Llm4Msr.Reasoning.Tests.Audit;

/// <summary>What stands in a prompt is read from its text, whoever wrote it.</summary>
public sealed class PromptItemsTests : IDisposable
{
    private static readonly string[] s_titles = ["Her", "Not Her", "Up", "Alien", "Shelf"];

    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void AnItemThatIsOnlyLikedLaterIsALaterRow() =>
        Assert.Equal([0, 2], RowsIn("liked: Her [film]; Up [film].", asOfRank: 1, (1, true), (4, true), (3, true)));

    [Fact]
    public void AnItemThatWasLikedBeforeTooIsTheEarlierRow() =>
        Assert.Equal([0], RowsIn("liked: Her [film].", asOfRank: 2, (1, true), (4, true), (1, true)));

    [Fact]
    public void AnItemNamedOftenerThanItWasLikedBeforeIsALaterRowAsWell() =>
        Assert.Equal([0, 2], RowsIn("liked: Her [film]; Her [film].", asOfRank: 2, (1, true), (4, true), (1, true)));

    [Fact]
    public void TheNewestOfSeveralEarlierRowsIsMeant() =>
        Assert.Equal([2], RowsIn("liked: Her [film].", asOfRank: 3, (1, true), (4, true), (1, true)));

    [Fact]
    public void ATitleWithinALongerOneIsNotRead() =>
        Assert.Equal([1], RowsIn("liked: Not Her [film].", asOfRank: 3, (1, true), (2, true), (4, true)));

    [Fact]
    public void ARowThatWasNotLikedExplainsNothing() =>
        Assert.Equal([1], RowsIn("liked: Her [film].", asOfRank: 1, (1, false), (1, true)));

    [Fact]
    public void ANameThatStandsAroundTheItemsSaysNothing() =>
        Assert.Equal([1], RowsIn("On Shelf [film]: Up [film].", asOfRank: 2, (5, true), (3, true)));

    /// <param name="rows">(item, liked) of one user, in the order of time.</param>
    private int[] RowsIn(string text, long asOfRank, params (int Item, bool Liked)[] rows)
    {
        (int, int, int, bool)[] all = [.. rows.Select(r => (1, r.Item, 0, r.Liked)), .. Enumerable.Range(1, s_titles.Length).Select(item => (2, item, 0, true))];
        var data = SampleLogs.Prepare(_scratch, all, item => new ItemWords(s_titles[item - 1], "film"));
        var ranks = new UserTimeline(data.Interactions.User, 2).RanksOf(data.Encoder.Users.RowOf("1"));
        return new PromptItems(data, PromptTemplate.BuiltIn, null).RowsIn(text, "On Shelf [film]: .", ranks, asOfRank);
    }
}
