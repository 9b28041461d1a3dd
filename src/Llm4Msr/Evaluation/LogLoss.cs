namespace Llm4Msr.Evaluation;

/// <summary>Mean binary cross-entropy (equation 1).</summary>
public static class LogLoss
{
    /// <param name="logits">Finite; from logits, no probability has to be kept away from 0 and 1.</param>
    /// <param name="labels">0 or 1.</param>
    /// <returns>In nats; null where there is no row.</returns>
    public static double? OfLogits(ReadOnlySpan<float> logits, ReadOnlySpan<float> labels)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(labels.Length, logits.Length);
        double sum = 0;
        for (var row = 0; row < logits.Length; row++)
            sum += OfLogit(logits[row], labels[row]);
        return logits.IsEmpty ? null : sum / logits.Length;
    }

    internal static double OfLogit(double logit, float label) =>
        Math.Max(logit, 0) - logit * label + Math.Log(1 + Math.Exp(-Math.Abs(logit)));
}
