using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Language.Encoders;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning.Encoders;
using Llm4Msr.Testing;

namespace Llm4Msr.Reasoning.Tests;

public sealed class KnowledgeEncoderTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();
    private readonly InteractionDataset _data;

    // User 1 likes items 1, 2, 3 of scenario 0 and 4 of scenario 1, in this order; user 2 likes nothing.
    public KnowledgeEncoderTests() => _data = SampleLogs.Prepare(_scratch,
        [(1, 1, 0, true), (1, 2, 0, true), (2, 1, 0, false), (1, 5, 0, false), (1, 3, 0, true), (1, 4, 1, true)]);

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void AUserIsTheMeanOfTheItemsLikedInEachScenario()
    {
        Encode(new FakeEncoder(), KnowledgeProtocol.WholePeriod);

        var user = Assert.Single(Records(), r => r.Key.Level == KnowledgeLevel.User);
        float[][] items = [.. Enumerable.Range(1, 4).Select(i => FakeEncoder.VectorOf($"Book {i} [novel]"))];
        float[] expected = [.. Enumerable.Range(0, FakeEncoder.W).Select(k => (items[0][k] + items[1][k] + items[2][k]) / 3), .. items[3]];
        Assert.Equal(KnowledgeKey.ForUser("1"), user.Key);
        Assert.All(expected.Zip(user.Vectors[0]), p => Assert.Equal(p.First, p.Second, 0.01f));
    }

    [Fact]
    public void ASnapshotHoldsNothingLikedAfterIt()
    {
        Encode(new FakeEncoder(), KnowledgeProtocol.PastOnly);

        var first = Records().Where(r => r.Key == KnowledgeKey.ForUser("1")).MinBy(r => r.AsOfRank)!;
        var (one, two) = (FakeEncoder.VectorOf("Book 1 [novel]"), FakeEncoder.VectorOf("Book 2 [novel]"));
        Assert.All(Enumerable.Range(0, FakeEncoder.W), k => Assert.Equal((one[k] + two[k]) / 2, first.Vectors[0][k], 0.01f));
        Assert.All(first.Vectors[0][FakeEncoder.W..], value => Assert.Equal(0, value)); // nothing in the other scenario yet
    }

    [Fact]
    public void WhatIsStoredIsNotEncodedAgain()
    {
        var encoder = new FakeEncoder();
        var first = Encode(encoder, KnowledgeProtocol.PastOnly);
        var encoded = encoder.Encoded;

        var second = Encode(encoder, KnowledgeProtocol.PastOnly);

        Assert.Equal((first.Stored, 0, encoded), (second.Stored, second.Encoded, encoder.Encoded));
    }

    [Fact]
    public void TextsKeepTheirKeysAndSnapshotsAndEmptyOnesAreLeftOut()
    {
        var asked = KnowledgeEncoder.FingerprintOfItems(new FakeEncoder(), _data, new EncodingOptions()) with { UserWidth = 2 };
        using (var texts = KnowledgeStore.OpenForWriting(_scratch["texts.db"], asked, _data.Description.InteractionsHash))
            texts.Append([Said("1", 2, "likes jazz"), Said("1", 4, " "), Said("2", 3, "likes bread")]);

        using var said = KnowledgeStore.OpenForReading(_scratch["texts.db"]);
        var encoder = new FakeEncoder();
        using (var store = KnowledgeStore.OpenForWriting(_scratch["encoded.db"], KnowledgeEncoder.FingerprintOfTexts(encoder, said.Fingerprint), said.InteractionsHash))
        {
            KnowledgeEncoder.OfTexts(encoder, said, store, new EncodingOptions { BatchSize = 1 }, CancellationToken.None);
            var again = KnowledgeEncoder.OfTexts(encoder, said, store, new EncodingOptions { BatchSize = 1 }, CancellationToken.None);
            Assert.Equal((2, 0, 2), (again.Stored, again.Encoded, encoder.Encoded)); // what is stored is not encoded again
        }

        Assert.Equal([("1", 2, "likes jazz"), ("2", 3, "likes bread")], Records().Select(r => (r.Key.Id, r.AsOfRank, r.Text)).Order());
        Assert.All(Records(), r => Assert.All(FakeEncoder.VectorOf(r.Text).Zip(r.Vectors[0]), p => Assert.Equal(p.First, p.Second, 0.01f)));

        static KnowledgeRecord Said(string user, int rank, string text) => new()
        {
            Key = KnowledgeKey.ForUser(user),
            AsOfRank = rank,
            AsOfTime = rank,
            PromptHash = FileHash.Of(user + rank),
            Text = text,
            Vectors = [[0, 1]],
        };
    }

    [Theory]
    [InlineData(float.NaN, "holds NaN at position 0")]
    [InlineData(float.PositiveInfinity, "holds Infinity at position 0")]
    [InlineData(2f, "is 2 at every position")]
    public void AVectorThatNoEncoderMeansIsRefusedByNameAndNotStored(float value, string what)
    {
        var asked = KnowledgeEncoder.FingerprintOfItems(new FakeEncoder(), _data, new EncodingOptions()) with { UserWidth = 2 };
        using (var texts = KnowledgeStore.OpenForWriting(_scratch["texts.db"], asked, _data.Description.InteractionsHash))
        {
            texts.Append([new()
            {
                Key = KnowledgeKey.ForUser("1"),
                AsOfRank = 2,
                AsOfTime = 2,
                PromptHash = FileHash.Of("prompt"),
                Text = "likes jazz",
                Vectors = [[0, 1]],
            }]);
        }
        using var said = KnowledgeStore.OpenForReading(_scratch["texts.db"]);
        var encoder = new FakeEncoder { Always = value };
        using var store = KnowledgeStore.OpenForWriting(_scratch["encoded.db"], KnowledgeEncoder.FingerprintOfTexts(encoder, said.Fingerprint), said.InteractionsHash);

        var error = Assert.Throws<Llm4MsrException>(() => KnowledgeEncoder.OfTexts(encoder, said, store, new EncodingOptions(), CancellationToken.None));

        Assert.Matches($"The knowledge of user '1' as of rank 2 cannot be stored: its vector '.*' {what}", error.Message);
        Assert.Equal(0, store.Count);
    }

    private EncodingResult Encode(FakeEncoder encoder, KnowledgeProtocol protocol)
    {
        var options = new EncodingOptions { Protocol = protocol, BatchSize = 2, Workers = 2 };
        using var store = KnowledgeStore.OpenForWriting(_scratch["encoded.db"], KnowledgeEncoder.FingerprintOfItems(encoder, _data, options), _data.Description.InteractionsHash);
        return KnowledgeEncoder.OfItems(encoder, _data, store, options, CancellationToken.None);
    }

    private List<KnowledgeRecord> Records()
    {
        using var store = KnowledgeStore.OpenForReading(_scratch["encoded.db"]);
        return [.. store.Records()];
    }

    /// <summary>A vector from the letters of a text.</summary>
    private sealed class FakeEncoder : ITextEncoder
    {
        public const int W = 3;

        private int _encoded;

        public int Encoded => _encoded;

        /// <summary>In all places of every vector.</summary>
        public float? Always { get; init; }

        public string Name => "fake";

        public string WeightsHash => FileHash.Of("weights");

        public string TokenizerHash => FileHash.Of("tokens");

        public int Width => W;

        public static float[] VectorOf(string text) => [text.Length, text.Sum(c => c % 7), text[0] % 11 + 0.5f];

        public int[] Tokens(string text) => [.. text.Select(c => (int)c)];

        public IReadOnlyList<float[]> Encode(IReadOnlyList<int[]> texts)
        {
            Interlocked.Add(ref _encoded, texts.Count);
            return [.. texts.Select(t => Always is { } value ? [value, value, value] : VectorOf(new string([.. t.Select(c => (char)c)])))];
        }
    }
}
