using CsCheck;
using Llm4Msr.Evaluation;

namespace Llm4Msr.Tests.Evaluation;

public class LossAndCalibrationTests
{
    /// <summary>A bin less, or rows counted twice, and the sums differ.</summary>
    [Fact]
    public void TheBinsOfTheCurveHoldEveryRowOnceAndGiveTheError()
    {
        var random = new Random(2);
        float[] logits = [.. Enumerable.Range(0, 503).Select(_ => MathF.Round((float)random.NextDouble() * 8 - 4, 1))], labels = [.. logits.Select(l => random.NextDouble() * 8 - 4 < l ? 1f : 0f)];

        var curve = Calibration.Curve(logits, labels);

        Assert.Equal(503, curve.Sum(bin => bin.Rows));
        Assert.Equal(labels.Sum(), curve.Sum(bin => bin.Rows * bin.ClickRate), 1e-9);
        Assert.Equal(curve.OrderBy(bin => bin.Probability), curve);
        Assert.Equal(Calibration.Error(logits, labels)!.Value, curve.Sum(bin => bin.Rows * Math.Abs(bin.Probability - bin.ClickRate)) / 503, 1e-12);
    }

    [Fact]
    public void LogLossIsTheMeanSurprise() =>
        Gen.Select(Gen.Float[-8, 8], Gen.Bool).Array[1, 40].Sample(rows =>
        {
            float[] logits = [.. rows.Select(r => r.Item1)];
            float[] labels = [.. rows.Select(r => r.Item2 ? 1f : 0f)];

            Assert.Equal(Definitions.LogLoss(logits, labels), LogLoss.OfLogits(logits, labels)!.Value, 1e-9);
        });

    [Fact] // sklearn.metrics.log_loss, the example of its documentation: 0.21616...
    public void TheExampleOfScikitLearnsDocumentation()
    {
        float[] logits = [.. new[] { 0.9, 0.1, 0.2, 0.65 }.Select(Definitions.Logit)];

        Assert.Equal(0.21616, LogLoss.OfLogits(logits, [1, 0, 0, 1])!.Value, 5e-6);
    }

    [Fact]
    public void LogLossStaysFiniteAtExtremeLogits()
    {
        Assert.Equal(Math.Log(2), LogLoss.OfLogits([0, 0], [0, 1])!.Value, 1e-12);
        Assert.Equal(1000, LogLoss.OfLogits([1000], [0])!.Value, 1e-6);
        Assert.Equal(float.MaxValue, LogLoss.OfLogits([float.MaxValue], [0])!.Value);
        Assert.Equal(0, LogLoss.OfLogits([1000, -1000], [1, 0])!.Value, 1e-12);
        Assert.Null(LogLoss.OfLogits([], []));
    }

    [Fact]
    public void TheClickRateAloneHasANormalisedEntropyOfOne()
    {
        float[] labels = [1, 0, 0, 0, 1];
        var logLoss = LogLoss.OfLogits([.. labels.Select(_ => Definitions.Logit(0.4))], labels);

        Assert.Equal(1, NormalizedEntropy.Of(logLoss, 5, 2)!.Value, 1e-6);
        Assert.Equal(0.5, NormalizedEntropy.Of(logLoss / 2, 5, 2)!.Value, 1e-6);
        Assert.Null(NormalizedEntropy.Of(0.1, 5, 0));
        Assert.Null(NormalizedEntropy.Of(0.1, 5, 5));
        Assert.Null(NormalizedEntropy.Of(null, 0, 0));
    }

    /// <summary>
    /// The labels and probabilities of sklearn.calibration.calibration_curve's documentation. Three bins of three rows: means of
    /// the probabilities 0.2, 0.5833, 0.9, click rates 0, 2/3, 1.
    /// </summary>
    [Fact]
    public void CalibrationErrorIsTheDistanceOfProbabilityAndRateBinByBin()
    {
        double[] probabilities = [0.1, 0.2, 0.3, 0.4, 0.65, 0.7, 0.8, 0.9, 1 - 1e-7];
        float[] logits = [.. probabilities.Select(Definitions.Logit)], labels = [0, 0, 0, 0, 1, 1, 1, 1, 1];

        Assert.Equal((0.2 + (2 / 3.0 - 1.75 / 3) + 0.1) / 3, Calibration.Error(logits, labels, bins: 3)!.Value, 1e-6);
        Assert.Equal(probabilities.Sum() / 5, Calibration.PredictedToActual(logits, labels)!.Value, 1e-6);
    }

    [Fact]
    public void NineRowsInFourBinsAreDividedEvenly() // they end at 9/4, 18/4, 27/4 and 36/4, rounded down
    {
        float[] labels = [1, 0, 0, 1, 0, 1, 1, 0, 0];
        float[] logits = [.. Enumerable.Range(0, 9).Select(k => k / 4f)];
        double Distance(int from, int to) => Math.Abs(Enumerable.Range(from, to - from).Sum(k => Definitions.Sigmoid(logits[k]) - labels[k]));

        Assert.Equal((Distance(0, 2) + Distance(2, 4) + Distance(4, 6) + Distance(6, 9)) / 9, Calibration.Error(logits, labels, bins: 4)!.Value, 1e-9);
    }

    [Fact]
    public void RowsOfOneScoreAreNotParted()
    {
        float[] labels = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1];

        Assert.Equal(0, Calibration.Error(new float[10], labels)!.Value, 1e-12); // in parts of one row it would be a half
        Assert.Equal(0.25, Calibration.Error([.. labels.Select(_ => Definitions.Logit(0.75))], labels)!.Value, 1e-6);
        Assert.Equal(1.5, Calibration.PredictedToActual([.. labels.Select(_ => Definitions.Logit(0.75))], labels)!.Value, 1e-6);
    }

    [Fact]
    public void CalibrationOfExtremesIsFinite()
    {
        Assert.Equal(0, Calibration.Error([1000, -1000, float.MaxValue], [1, 0, 1])!.Value, 1e-12);
        Assert.Equal(1, Calibration.Error([1000, -1000], [0, 1])!.Value, 1e-12);
        Assert.Equal(0, Calibration.PredictedToActual([-1000], [1])!.Value, 1e-12);
        Assert.Null(Calibration.PredictedToActual([3], [0]));
        Assert.Null(Calibration.Error([], []));
    }

    [Fact]
    public void TheOrderOfRowsDoesNotMatter() =>
        Gen.Select(Gen.Int[-3, 3].Select(k => (float)k), Gen.Bool).Array[1, 50].Sample(rows =>
        {
            var reversed = rows.Reverse().ToArray();

            Assert.Equal(ErrorOf(rows), ErrorOf(reversed), 1e-12);
            Assert.InRange(ErrorOf(rows), 0, 1);

            static double ErrorOf((float Logit, bool Clicked)[] rows) =>
                Calibration.Error([.. rows.Select(r => r.Logit)], [.. rows.Select(r => r.Clicked ? 1f : 0f)])!.Value;
        });
}
