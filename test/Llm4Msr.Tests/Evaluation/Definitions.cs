namespace Llm4Msr.Tests.Evaluation;

/// <summary>Metrics as their definitions say, pair by pair and row by row, however long that takes.</summary>
internal static class Definitions
{
    public static double? Auc(IReadOnlyList<float> scores, IReadOnlyList<float> labels)
    {
        double ordered = 0, pairs = 0;
        for (var clicked = 0; clicked < scores.Count; clicked++)
        {
            for (var other = 0; other < scores.Count; other++)
            {
                if (labels[clicked] != 1 || labels[other] != 0)
                    continue;
                pairs++;
                ordered += scores[clicked] > scores[other] ? 1 : scores[clicked] == scores[other] ? 0.5 : 0;
            }
        }
        return pairs == 0 ? null : ordered / pairs;
    }

    public static double LogLoss(IReadOnlyList<float> logits, IReadOnlyList<float> labels) =>
        logits.Zip(labels, (logit, label) => -Math.Log(label == 1 ? Sigmoid(logit) : 1 - Sigmoid(logit))).Average();

    public static double Sigmoid(double logit) => 1 / (1 + Math.Exp(-logit));

    public static float Logit(double probability) => (float)Math.Log(probability / (1 - probability));
}
