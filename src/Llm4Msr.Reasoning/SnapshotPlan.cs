using Llm4Msr.Data;
using Llm4Msr.Knowledge;

namespace Llm4Msr.Reasoning;

/// <summary>As of which ranks each user is asked about, by protocol (models guide, section 2.2).</summary>
public static class SnapshotPlan
{
    /// <summary>The ranks for one user, ascending; a snapshot holds the interactions of lower rank.</summary>
    public static IReadOnlyList<int> RanksFor(InteractionDataset data, UserTimeline timeline, KnowledgeProtocol protocol, int user)
    {
        int?[] ranks = (protocol, data.Description.Split.Kind) switch
        {
            (KnowledgeProtocol.WholePeriod, _) => [timeline.AsOfTenths(user, 10)],
            (KnowledgeProtocol.TrainPart, SplitKind.Global or SplitKind.Column) => [AfterTrainingRows(data, timeline, user, halves: 2)],
            (KnowledgeProtocol.TrainPart, _) => [timeline.AsOfTenths(user, 8)],
            (KnowledgeProtocol.PastOnly, SplitKind.Global or SplitKind.Column) =>
                [AfterTrainingRows(data, timeline, user, halves: 1), AfterTrainingRows(data, timeline, user, halves: 2)],
            (KnowledgeProtocol.PastOnly, _) => [timeline.AsOfTenths(user, 4), timeline.AsOfTenths(user, 8)],
            _ => throw new ArgumentOutOfRangeException(nameof(protocol), protocol, null),
        };
        return [.. ranks.OfType<int>().Distinct()];
    }

    private static int? AfterTrainingRows(InteractionDataset data, UserTimeline timeline, int user, int halves)
    {
        var training = new List<int>();
        foreach (var rank in timeline.RanksOf(user))
        {
            if (data.Parts[rank] == Part.Training)
                training.Add(rank);
        }
        var taken = training.Count * halves / 2;
        return taken == 0 ? null : training[taken - 1] + 1;
    }
}
