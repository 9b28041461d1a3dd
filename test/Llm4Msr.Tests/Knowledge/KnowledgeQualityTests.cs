using Llm4Msr.Knowledge;
using Llm4Msr.Testing;

namespace Llm4Msr.Tests.Knowledge;

public class KnowledgeQualityTests
{
    private static readonly KnowledgeFingerprint s_fingerprint = Samples.Fingerprint with { UserWidth = 2, States = ["first", "second"] };

    [Fact]
    public void TheFiguresAreThoseOfFiveRecordsCountedByHand()
    {
        using var scratch = new ScratchFolder();
        // States: four corners of a square differ alike in two directions; four points on a line in one.
        KnowledgeRecord[] records =
        [
            User("1", 5, "The user likes films about war and love.", tokens: 10, cut: 0, [1, 1.5f], [1, 2]),
            User("1", 9, "The user likes films about war and love.", tokens: 20, cut: 3, [1, -1.5f], [2, 4]),   // its own text again is no finding
            User("2", 5, "The user likes films about war\nand peace.", tokens: 30, cut: 0, [-1, 1.5f], [3, 6]), // the same six words
            User("3", 5, "Nothing.", tokens: 40, cut: 1, [-1, -1.5f], [4, 8]),
            Samples.Scenario("s", fingerprint: s_fingerprint) with { Text = "Nothing.", PromptTokens = 7, NewTokens = 8, CutItems = 0 }, // another level
        ];
        Samples.Write(scratch["store"], records, s_fingerprint);
        using var store = KnowledgeStore.OpenForReading(scratch["store"]);

        var quality = KnowledgeQuality.Of(store);

        var users = quality.Users;
        Assert.Equal((4, 0, 0.75, 0.5, 25, 50), (users.Records, users.SharedTexts, users.SharedOpenings, users.CutPrompts, users.MeanPromptTokens, users.MeanNewTokens));
        // Singular values 2 and 3, shares 0.4 and 0.6.
        Assert.Equal(Math.Exp(-(0.4 * Math.Log(0.4) + 0.6 * Math.Log(0.6))), users.EffectiveRank["first"], 1e-9);
        Assert.Equal(1, users.EffectiveRank["second"], 1e-6);
        Assert.Equal((1, 0, 0, 0, 7, 8), (quality.Scenarios.Records, quality.Scenarios.SharedTexts, quality.Scenarios.SharedOpenings,
            quality.Scenarios.CutPrompts, quality.Scenarios.MeanPromptTokens, quality.Scenarios.MeanNewTokens));
        Assert.Equal(0, quality.Scenarios.EffectiveRank["first"]);
        Assert.Equal([(1, 2 / 3.0), (2, 1 / 3.0)], quality.SharesBySnapshots.Select(s => (s.Key, s.Value)));
    }

    [Fact]
    public void ATextOfTwoUsersIsSharedByAllItsRecords()
    {
        using var scratch = new ScratchFolder();
        Samples.Write(scratch["store"],
            [User("1", 5, "Same.", 1, 0, [1, 2], [1, 2]), User("1", 9, "Same.", 1, 0, [1, 2], [1, 2]), User("2", 5, "Same.", 1, 0, [1, 2], [1, 2]), User("3", 5, "Other.", 1, 0, [1, 2], [1, 2])],
            s_fingerprint);
        using var store = KnowledgeStore.OpenForReading(scratch["store"]);

        var quality = KnowledgeQuality.Of(store);

        Assert.Equal((0.75, 0.75), (quality.Users.SharedTexts, quality.Users.SharedOpenings));
        Assert.Equal(0, quality.Users.EffectiveRank["first"]); // all vectors equal
    }

    [Fact]
    public void AnEmptyStoreHasFiguresToo()
    {
        using var scratch = new ScratchFolder();
        Samples.Write(scratch["store"], [], s_fingerprint);
        using var store = KnowledgeStore.OpenForReading(scratch["store"]);

        var quality = KnowledgeQuality.Of(store);

        Assert.Equal((0, 0, 0, 0), (quality.Users.Records, quality.Users.SharedTexts, quality.Users.MeanNewTokens, quality.Users.EffectiveRank["first"]));
        Assert.Empty(quality.SharesBySnapshots);
    }

    [Fact]
    public void EffectiveRankCountsDirections()
    {
        Assert.Equal(3, KnowledgeQuality.EffectiveRank([1, 0, 0, -1, 0, 0, 0, 1, 0, 0, -1, 0, 0, 0, 1, 0, 0, -1], 3), 1e-9);
        Assert.Equal(1, KnowledgeQuality.EffectiveRank([5, 5, 6, 6], 2), 1e-6); // the mean is not a direction
        Assert.Equal(0, KnowledgeQuality.EffectiveRank([0.1f, 0.2f, 0.1f, 0.2f, 0.1f, 0.2f], 2));
        Assert.Equal(0, KnowledgeQuality.EffectiveRank([], 2));
    }

    private static KnowledgeRecord User(string id, long asOfRank, string text, int tokens, int cut, float[] first, float[] second) =>
        Samples.User(id, asOfRank, s_fingerprint) with { Text = text, PromptTokens = tokens, NewTokens = 2 * tokens, CutItems = cut, Vectors = [first, second] };
}
