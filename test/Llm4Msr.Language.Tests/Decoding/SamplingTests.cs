using Llm4Msr.Language.Decoding;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Language.Tests.Decoding;

public class SamplingTests
{
    private static readonly Random s_random = new(6);

    private static readonly int[][] s_prompts = [.. Enumerable.Range(1, 12).Select(n => Enumerable.Range(0, n * 5).Select(_ => s_random.Next(3, 320)).ToArray())];

    [Fact]
    public void NeitherOrderNorBatchesChangeWhatIsDrawn()
    {
        using var model = LanguageModel.Load(TestFiles.Golden("llama"));
        var whole = Draw(model, [.. Enumerable.Range(0, s_prompts.Length)], batchSize: 12);

        var shuffled = Draw(model, [7, 2, 11, 0, 5, 9, 1, 3, 10, 8, 4, 6], batchSize: 5);
        var alone = Draw(model, [.. Enumerable.Range(0, s_prompts.Length)], batchSize: 1);

        for (var i = 0; i < s_prompts.Length; i++)
        {
            Assert.Equal(whole[i], shuffled[i]);
            Assert.Equal(whole[i], alone[i]);
        }
        Assert.True(whole.Values.Select(ids => string.Join(' ', ids)).Distinct().Count() == s_prompts.Length);
    }

    [Fact]
    public void AnotherSeedOrAnotherKeyDrawsOtherTokens()
    {
        using var model = LanguageModel.Load(TestFiles.Golden("llama"));
        IReadOnlyList<int> With(long seed, string key) => Sample(model, [s_prompts[5]], new Sampling(1, 1, seed, [key]))[0].GeneratedIds;

        Assert.Equal(With(1, "a"), With(1, "a"));
        Assert.NotEqual(With(1, "a"), With(2, "a"));
        Assert.NotEqual(With(1, "a"), With(1, "b"));
    }

    [Fact]
    public void AVerySmallNucleusIsTheLikeliestToken()
    {
        using var model = LanguageModel.Load(TestFiles.Golden("llama"));

        var drawn = Sample(model, s_prompts, new Sampling(1, 1e-9, 3, [.. s_prompts.Select((_, i) => $"{i}")]));

        Assert.Equal(model.Answers(8, s_prompts).Select(a => a.GeneratedIds), drawn.Select(a => a.GeneratedIds));
    }

    [Fact]
    public void TokensAreDrawnAsOftenAsTheirProbabilitySays()
    {
        // Logits of probabilities 0.5, 0.3, 0.15, 0.05; at temperature 1/2 the squares, of which 0.9 leaves the first two.
        float[] logits = [MathF.Log(0.05f), MathF.Log(0.5f), MathF.Log(0.15f), MathF.Log(0.3f)];
        double[] Shares(double temperature, double topP)
        {
            var counts = new double[4];
            for (var i = 0; i < 20_000; i++)
                counts[new TokenSampler(temperature, topP, seed: 9, $"user {i}").Draw(logits)]++;
            return [.. counts.Select(c => c / 20_000)];
        }

        Assert.Equal([0.05, 0.5, 0.15, 0.3], Shares(1, 1), (a, b) => Math.Abs(a - b) < 0.015);
        Assert.Equal([0, 0.25 / 0.34, 0, 0.09 / 0.34], Shares(0.5, 0.9), (a, b) => Math.Abs(a - b) < 0.015);
        Assert.Equal([0, 0.5 / 0.8, 0, 0.3 / 0.8], Shares(1, 0.8), (a, b) => Math.Abs(a - b) < 0.015);
    }

    [Theory]
    [InlineData(0, 1, "Tokens cannot be drawn: the temperature is 0, expected a number above 0.")]
    [InlineData(1, 0, "Tokens cannot be drawn: top-p is 0, expected a number above 0 and at most 1.")]
    [InlineData(1, 1.5, "Tokens cannot be drawn: top-p is 1.5, expected a number above 0 and at most 1.")]
    public void ADrawThatCannotBeIsRefused(double temperature, double topP, string expected)
    {
        using var model = LanguageModel.Load(TestFiles.Golden("llama"));

        var error = Assert.Throws<Llm4MsrException>(() => Sample(model, [[5]], new Sampling(temperature, topP, 1, ["a"])));

        Assert.Equal((FaultKind.Usage, expected), (error.Kind, error.Message));
    }

    private static Dictionary<int, IReadOnlyList<int>> Draw(LanguageModel model, int[] order, int batchSize) => order.Chunk(batchSize)
        .SelectMany(batch => batch.Zip(Sample(model, [.. batch.Select(i => s_prompts[i])], new Sampling(0.8, 0.95, 4, [.. batch.Select(i => $"user '{i}'")]))))
        .ToDictionary(pair => pair.First, pair => pair.Second.GeneratedIds);

    private static IReadOnlyList<Answer> Sample(LanguageModel model, int[][] prompts, Sampling sampling) =>
        model.Generate(prompts, new GenerationOptions(8, sampling), TestContext.Current.CancellationToken);
}
