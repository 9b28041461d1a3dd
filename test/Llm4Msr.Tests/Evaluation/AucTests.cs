using CsCheck;
using Llm4Msr.Evaluation;

namespace Llm4Msr.Tests.Evaluation;

public class AucTests
{
    [Fact]
    public void AucIsTheShareOfPairsInTheRightOrder() =>
        Gen.Select(Gen.Int[0, 8].Select(k => k / 4f), Gen.Bool).Array[0, 60].Sample(rows => // few distinct scores: many ties
        {
            float[] scores = [.. rows.Select(r => r.Item1)];
            float[] labels = [.. rows.Select(r => r.Item2 ? 1f : 0f)];

            var pairs = from clicked in rows where clicked.Item2 from other in rows where !other.Item2 select Math.Sign(clicked.Item1 - other.Item1);
            double? expected = pairs.Any() ? pairs.Average(sign => (sign + 1) / 2.0) : null;

            var auc = Auc.Of(scores, labels);
            Assert.Equal(expected is null, auc is null);
            Assert.Equal(expected ?? 0, auc ?? 0, 12);
        });

    [Fact] // by hand: pairs (.8>.1, .8>.35, .8>.4) (.35>.1, .35=.35, .35<.4) of 6: 3 + 1.5
    public void SixRowsCountedOnPaper() =>
        Assert.Equal(4.5 / 6, Auc.Of([0.1f, 0.4f, 0.35f, 0.8f, 0.35f], [0, 0, 1, 1, 0])!.Value, 12);

    [Theory, InlineData(0f), InlineData(1f)]
    public void OneClassHasNoAuc(float label) => Assert.Null(Auc.Of([0.2f, 0.7f], [label, label]));

    [Fact]
    public void AScoreThatIsNotANumberIsRefused() => Assert.Throws<ArgumentException>(() => Auc.Of([float.NaN, 1], [0, 1]));

    [Fact]
    public void LogLossStaysFiniteAtExtremeLogits()
    {
        Assert.Equal(Math.Log(2), LogLoss.OfLogits([0, 0], [0, 1])!.Value, 12);
        Assert.Equal(1000, LogLoss.OfLogits([1000], [0])!.Value, 6);
        Assert.Equal(0, LogLoss.OfLogits([1000, -1000], [1, 0])!.Value, 12);
        Assert.Null(LogLoss.OfLogits([], []));
    }

    [Fact]
    public void AScenarioWithoutAucSaysWhyAndIsNamedBesideTheMean()
    {
        var metrics = Metrics.Of(["a", "b", "c", "d"], [0, 0, 1, 1, 2], [1, 0, 1, 0, 1], [1, 0, 0, 0, 1]);

        Assert.Equal([null, "no clicks", "only clicks", "no rows"], metrics.Scenarios.Select(s => s.Undefined));
        Assert.Equal(1.0, metrics.MeanAuc);
        Assert.Equal(["b", "c", "d"], metrics.LeftOut);
    }
}
