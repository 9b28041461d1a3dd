using Llm4Msr.Data;
using Llm4Msr.Evaluation;
using Llm4Msr.Knowledge;
using Llm4Msr.Models;
using Llm4Msr.Platform;
using Llm4Msr.Training;
using TorchSharp;

namespace Llm4Msr.Cli.Grids;

/// <summary>A way to score a scenario.</summary>
/// <param name="Parameters">The scenario whose parameters are used; null for its own, or for all others'.</param>
/// <param name="ItsPromptLess">The scenario's start from its prompt less this way, on the same rows; null for itself.</param>
internal sealed record OnboardingStart(string Start, string? Parameters, double? Auc, AucDifference? ItsPromptLess);

/// <summary>How a scenario starts that no model has met.</summary>
/// <param name="Nearest">The scenario whose knowledge is most alike.</param>
/// <param name="Cosines">With each other scenario.</param>
/// <param name="Rows">Of its test part.</param>
/// <param name="Undefined">Why there is no AUC or no interval; null where there is.</param>
internal sealed record Onboarding(
    string Scenario, string Nearest, IReadOnlyDictionary<string, double> Cosines, int Rows, string? Undefined, IReadOnlyList<OnboardingStart> Starts)
{
    public const string ItsPrompt = "its prompt", ItsPromptAllOthers = "its prompt, mean of all others", NoKnowledge = "no knowledge", AllOthers = "no knowledge, mean of all others", TrainedWithIt = "trained with it";

    public static Onboarding Of(InteractionDataset data, LeftOutScenario leftOut, ArmResult without, ArmResult full, CancellationToken cancellation)
    {
        torch.set_num_threads(1);
        var names = data.Description.Scenarios.Select(s => s.Name).ToList();
        var index = names.IndexOf(leftOut.Name);
        var folder = ScoredRun.Open(without.Best.Run);
        var table = folder.Knowledge!;
        var own = VectorOf(table, leftOut.Name);
        var cosines = leftOut.Others.ToDictionary(other => other, other => KnowledgeNeighbours.Cosine(own, VectorOf(table, other)), StringComparer.Ordinal);
        var nearest = cosines.MaxBy(c => c.Value).Key;
        var ranks = data.RanksOf(Part.Test, [leftOut.Name]);
        if (ranks.Length == 0)
            throw new Llm4MsrException(FaultKind.BadInput, $"The scenario '{leftOut.Name}' has no rows in the test part, so that nothing can be said of how it starts. Leave out another one.");

        Dictionary<string, Dictionary<int, ScoredRows>> scored = new(StringComparer.Ordinal);
        foreach (var seed in without.Best.Cell.Config.AllSeeds)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = torch.NewDisposeScope();
            using var model = folder.Load(seed);
            var read = folder.Description.Knowledge!.Arm.Apply(table, seed);
            ScoredRows As(string parameters, string? knowledge) => new StandIn(names.IndexOf(parameters), knowledge).Score(model, data, ranks, read);
            Keep(ItsPrompt, As(nearest, leftOut.Name));
            Keep(ItsPromptAllOthers, Mean([.. leftOut.Others.Select(other => As(other, leftOut.Name))]));
            Keep(NoKnowledge, As(nearest, null));
            Keep(AllOthers, Mean([.. leftOut.Others.Select(other => As(other, null))]));
            foreach (var other in leftOut.Others)
                Keep($"the prompt of '{other}'", As(nearest, other));

            void Keep(string start, ScoredRows rows)
            {
                if (!scored.TryGetValue(start, out var seeds))
                    scored.Add(start, seeds = []);
                seeds.Add(seed, rows);
            }
        }
        scored.Add(TrainedWithIt, ScoredRun.Of(ScoredRun.Open(full.Best.Run), data, ranks, _ => { }, cancellation, full.Best.Cell.Config.AllSeeds).Seeds.ToDictionary());

        var differences = scored.Where(s => s.Key != ItsPrompt).ToDictionary(s => s.Key, s => Comparison.Of(s.Value, scored[ItsPrompt], cancellation: cancellation).Scenarios[index], StringComparer.Ordinal);
        return new Onboarding(
            leftOut.Name, nearest, cosines, ranks.Length, differences[NoKnowledge].Undefined,
            [
                .. scored.Keys.Select(start => start == ItsPrompt
                    ? new OnboardingStart(start, nearest, differences[NoKnowledge].Second, null)
                    : new OnboardingStart(start, start is ItsPromptAllOthers or AllOthers or TrainedWithIt ? null : nearest, differences[start].First, differences[start])),
            ]);
    }

    /// <summary>
    /// What the start from its prompt is worth: a gain, where it is ahead of every start that does without its prompt, each by
    /// its interval; a loss, where it is behind one of them.
    /// </summary>
    public Verdict Verdict
    {
        get
        {
            List<Verdict> others = [.. Starts.Where(DoesWithoutItsPrompt).Select(s => s.ItsPromptLess!.Verdict)];
            return others.Contains(Verdict.Undefined) ? Verdict.Undefined
                : others.Contains(Verdict.FirstAhead) ? Verdict.FirstAhead
                : others.All(v => v == Verdict.SecondAhead) ? Verdict.SecondAhead
                : Verdict.NotShown;
        }
    }

    /// <summary>The same in words.</summary>
    public string Sentence() => (Verdict switch
    {
        Verdict.SecondAhead => $"'{Scenario}' gains from its prompt: it starts ahead of every start without it.",
        Verdict.FirstAhead => $"'{Scenario}' starts behind {Behind()}: its prompt does not pay.",
        Verdict.NotShown => $"'{Scenario}': its prompt is not shown to be worth anything.",
        _ => $"'{Scenario}': nothing can be said of how it starts ({Undefined}).",
    }) + (Starts[0].Auc < 0.5 ? " It starts below chance: what the nearest scenario learned misleads here." : "");

    private string Behind() => string.Join(", ", Starts.Where(s => DoesWithoutItsPrompt(s) && s.ItsPromptLess!.Verdict == Verdict.FirstAhead).Select(s => s.Start));

    private static bool DoesWithoutItsPrompt(OnboardingStart start) => start.Start is not (ItsPrompt or ItsPromptAllOthers or TrainedWithIt);

    private static float[] VectorOf(KnowledgeTable table, string scenario) => table.ScenarioRow(scenario) is >= 0 and var row
        ? table.ScenarioVectors.AsSpan(row * table.ScenarioWidth, table.ScenarioWidth).ToArray()
        : throw new Llm4MsrException(FaultKind.BadInput, $"The store holds no knowledge of the scenario '{scenario}', so that it cannot start from its prompt. Reason about it first.");

    private static ScoredRows Mean(IReadOnlyList<ScoredRows> scored) =>
        scored[0] with { Logits = [.. Enumerable.Range(0, scored[0].Count).Select(row => scored.Average(s => s.Logits[row]))] };
}
