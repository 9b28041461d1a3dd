using CsCheck;
using Llm4Msr.Evaluation;

namespace Llm4Msr.Tests.Evaluation;

public class AucTests
{
    [Fact]
    public void AucIsTheShareOfPairsInTheRightOrder() =>
        Gen.Select(Gen.Int[-4, 4].Select(k => k / 4f), Gen.Bool).Array[0, 60].Sample(rows => // few distinct scores: many ties
        {
            float[] scores = [.. rows.Select(r => r.Item1)];
            float[] labels = [.. rows.Select(r => r.Item2 ? 1f : 0f)];

            var expected = Definitions.Auc(scores, labels);

            var auc = Auc.Of(scores, labels);
            Assert.Equal(expected is null, auc is null);
            Assert.Equal(expected ?? 0, auc ?? 0, 1e-12);
        });

    [Fact] // every bit pattern that is a finite number: all exponents, both signs, subnormals
    public void AnyFiniteScoresAreOrderedAsNumbersAre() =>
        Gen.Select(Gen.UInt.Select(BitConverter.UInt32BitsToSingle).Where(float.IsFinite), Gen.Bool).Array[2, 40].Sample(rows =>
        {
            float[] scores = [.. rows.Select(r => r.Item1)];
            float[] labels = [.. rows.Select(r => r.Item2 ? 1f : 0f)];

            Assert.Equal(Definitions.Auc(scores, labels) ?? -1, Auc.Of(scores, labels) ?? -1, 1e-12);
        });

    [Fact] // by hand: pairs (.8>.1, .8>.35, .8>.4) (.35>.1, .35=.35, .35<.4) of 6: 3 + 1.5
    public void SixRowsCountedOnPaper() =>
        Assert.Equal(4.5 / 6, Auc.Of([0.1f, 0.4f, 0.35f, 0.8f, 0.35f], [0, 0, 1, 1, 0])!.Value, 1e-12);

    [Fact] // sklearn.metrics.roc_auc_score, the example of its documentation
    public void TheExampleOfScikitLearnsDocumentation() => Assert.Equal(0.75, Auc.Of([0.1f, 0.4f, 0.35f, 0.8f], [0, 0, 1, 1]));

    [Fact]
    public void EqualScoresSayNothing()
    {
        Assert.Equal(0.5, Auc.Of([3, 3, 3, 3, 3], [1, 0, 0, 1, 0]));
        Assert.Equal(0.5, Auc.Of([0f, -0f], [1, 0])); // both zeros are one score
        Assert.Equal(1.0, Auc.Of([float.Epsilon, -0f], [1, 0]));
    }

    [Fact]
    public void HugeScoresAreScoresLikeOthers()
    {
        Assert.Equal(1.0, Auc.Of([float.MaxValue, -float.MaxValue, 0], [1, 0, 0]));
        Assert.Equal(0.0, Auc.Of([float.MinValue, 1e30f], [1, 0]));
    }

    [Theory, InlineData(0f), InlineData(1f)]
    public void OneClassHasNoAuc(float label) => Assert.Null(Auc.Of([0.2f, 0.7f], [label, label]));

    [Fact]
    public void NoRowHasNoAuc() => Assert.Null(Auc.Of([], []));

    [Fact]
    public void AScoreThatIsNotANumberIsRefused() => Assert.Throws<ArgumentException>(() => Auc.Of([float.NaN, 1], [0, 1]));

    [Fact]
    public void PairsAreCountedWithoutOverflow() // 10^10 pairs
    {
        const int Each = 100_000;
        float[] scores = [.. Enumerable.Range(0, 2 * Each).Select(row => (float)row)];
        float[] labels = [.. Enumerable.Range(0, 2 * Each).Select(row => row < Each ? 0f : 1f)];
        (labels[Each - 1], labels[Each]) = (1, 0); // one pair in the wrong order

        Assert.Equal(1 - 1.0 / ((double)Each * Each), Auc.Of(scores, labels)!.Value, 1e-15);
    }
}
