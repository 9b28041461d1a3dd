using Llm4Msr.Evaluation;

namespace Llm4Msr.Tests.Evaluation;

/// <summary>Made-up rows of users who differ in how much they click, and models that see more or less of what made them click.</summary>
internal static class SampleScores
{
    /// <param name="seed">Draws users and clicks: the same seed, the same rows.</param>
    /// <param name="model">Draws what the model gets wrong.</param>
    /// <param name="error">How much it gets wrong, as a standard deviation.</param>
    public static ScoredRows Of(int seed, int model = 1, double error = 0.5, int users = 40, int rowsEach = 20, int scenarios = 3)
    {
        var (truth, mistakes) = (new Random(seed), new Random(1000 * seed + model));
        var count = users * rowsEach;
        var rows = new ScoredRows([.. Enumerable.Range(0, scenarios).Select(s => $"scenario {s}")], new int[count], new int[count], new float[count], new float[count]);
        for (var user = 0; user < users; user++)
        {
            var activity = Normal(truth);
            for (var row = user * rowsEach; row < (user + 1) * rowsEach; row++)
            {
                var logit = activity + Normal(truth);
                rows.Scenario[row] = truth.Next(scenarios);
                rows.User[row] = 3 * user + 1; // not every user of a table has rows
                rows.Clicked[row] = truth.NextDouble() < Definitions.Sigmoid(2 * logit) ? 1 : 0;
                rows.Logits[row] = (float)(2 * (logit + error * Normal(mistakes)));
            }
        }
        return rows;
    }

    public static ScoredRows Shuffled(ScoredRows rows)
    {
        int[] order = [.. Enumerable.Range(0, rows.Count)];
        new Random(5).Shuffle(order);
        return rows with
        {
            Scenario = [.. order.Select(row => rows.Scenario[row])],
            User = [.. order.Select(row => rows.User[row])],
            Logits = [.. order.Select(row => rows.Logits[row])],
            Clicked = [.. order.Select(row => rows.Clicked[row])],
        };
    }

    public static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
