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

    /// <summary>
    /// The rows of several folds together. A fold's scenario becomes a scenario of its own, number fold × scenarios + scenario: the
    /// scores of different models are not to be mixed in one AUC, and a mean over scenarios is then one over folds and scenarios.
    /// </summary>
    /// <param name="folds">Of the same scenarios and the same user table, one model each.</param>
    public static ScoredRows OfFolds(IReadOnlyList<ScoredRows> folds)
    {
        var scenarios = folds[0].Scenarios;
        if (!folds.All(fold => fold.Scenarios.SequenceEqual(scenarios)))
            throw new ArgumentException("Folds of different scenarios have no AUC in common.", nameof(folds));
        return new ScoredRows(
            [.. folds.SelectMany((_, fold) => scenarios.Select(name => $"{name}, fold {fold + 1}"))],
            [.. folds.SelectMany((rows, fold) => rows.Scenario.Select(s => fold * scenarios.Count + s))],
            [.. folds.SelectMany(rows => rows.User)], [.. folds.SelectMany(rows => rows.Logits)], [.. folds.SelectMany(rows => rows.Clicked)]);
    }

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
