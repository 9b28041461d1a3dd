namespace Llm4Msr.Evaluation;

/// <summary>Rows with what was predicted and what happened, column by column.</summary>
/// <param name="Scenarios">The names of all scenarios.</param>
/// <param name="Scenario">Index of each row's scenario.</param>
/// <param name="User">Row of each row's user in the user table.</param>
/// <param name="Logits">Finite.</param>
/// <param name="Clicked">The labels, 0 or 1.</param>
public sealed record ScoredRows(IReadOnlyList<string> Scenarios, int[] Scenario, int[] User, float[] Logits, float[] Clicked)
{
    public int Count => Scenario.Length;

    /// <summary>The rows of one scenario, in their order.</summary>
    public ScoredRows Only(int scenario)
    {
        var count = Scenario.AsSpan().Count(scenario);
        var (users, logits, clicked) = (new int[count], new float[count], new float[count]);
        var next = 0;
        for (var row = 0; row < Count; row++)
        {
            if (Scenario[row] != scenario)
                continue;
            users[next] = User[row];
            logits[next] = Logits[row];
            clicked[next++] = Clicked[row];
        }
        var same = new int[count];
        Array.Fill(same, scenario);
        return new ScoredRows(Scenarios, same, users, logits, clicked);
    }

    internal ScoreOrder Order() => ScoreOrder.Of(Logits, Clicked, User);
}
