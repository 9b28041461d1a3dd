namespace Llm4Msr.Import.Generator;

/// <summary>
/// The AUC of the planted probabilities themselves: no model can be expected to do better on these clicks.
/// </summary>
/// <param name="Scenario">Null for all rows of all scenarios together.</param>
/// <param name="All">Over all rows; null where they are of one class.</param>
/// <param name="LastTenth">Over the last tenth of the rows of all scenarios in time, as a global cut tests on.</param>
public sealed record BestAuc(string? Scenario, double? All, double? LastTenth)
{
    /// <summary>One per scenario, and one over all.</summary>
    internal static IReadOnlyList<BestAuc> Of(GeneratedData data)
    {
        var last = StartOfLastTenth(data.Scenarios);
        var each = data.Scenarios.Zip(data.Options.Scenarios, (rows, scenario) => Of(scenario.Name, [rows], last));
        return [.. each, Of(null, data.Scenarios, last)];
    }

    private static BestAuc Of(string? name, IReadOnlyList<ScenarioRows> scenarios, int last) =>
        new(name, Auc(scenarios, from: int.MinValue), Auc(scenarios, last));

    private static double? Auc(IReadOnlyList<ScenarioRows> scenarios, int from)
    {
        var count = scenarios.Sum(rows => rows.Millisecond.Count(time => time >= from));
        var (scores, labels, next) = (new float[count], new float[count], 0);
        foreach (var rows in scenarios)
        {
            for (var row = 0; row < rows.Count; row++)
            {
                if (rows.Millisecond[row] < from)
                    continue;
                (scores[next], labels[next]) = (rows.Probability[row], rows.Clicked[row] ? 1 : 0);
                next++;
            }
        }
        return Evaluation.Auc.Of(scores, labels);
    }

    /// <summary>The first whole second before which at least nine tenths of the rows lie, in milliseconds.</summary>
    private static int StartOfLastTenth(IReadOnlyList<ScenarioRows> scenarios)
    {
        const int ASecond = 1000;
        var perSecond = new int[scenarios.Max(rows => rows.Millisecond.Max()) / ASecond + 2];
        foreach (var rows in scenarios)
        {
            foreach (var time in rows.Millisecond)
                perSecond[time / ASecond]++;
        }
        var (before, second) = (0L, 0);
        var wanted = scenarios.Sum(rows => (long)rows.Count) * 9 / 10;
        while (before < wanted)
            before += perSecond[second++];
        return second * ASecond;
    }
}
