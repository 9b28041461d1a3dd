using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;

namespace Llm4Msr.Training;

/// <summary>The rows that a model is trained on, and the knowledge that they see.</summary>
/// <param name="Ranks">Of the interactions.</param>
/// <param name="Table">The knowledge of the users whose knowledge is read; null without knowledge.</param>
/// <param name="RowsSeen">Of the knowledge table for each interaction of the data, -1 for none; empty without knowledge.</param>
internal sealed record TrainingRows(int[] Ranks, KnowledgeTable? Table, int[] RowsSeen)
{
    /// <param name="table">Null for a training without knowledge.</param>
    /// <param name="options">Say which rows are left out, and whose knowledge is read.</param>
    public static TrainingRows Of(InteractionDataset data, KnowledgeTable? table, RunOptions options)
    {
        var own = data.RanksOf(Part.Training, options.Scenarios);
        if (own.Length == 0)
            throw new Llm4MsrException(FaultKind.BadInput, $"The training part holds no row of {string.Join(", ", options.Scenarios ?? ["any scenario"])}, so nothing is left to train on. Name other scenarios, or split the data differently.");
        if (table is not null && options.ActiveUsers is { } percent)
            table = table.OfUsers(UserActivity.MostActive(data, percent));
        var seen = table is null ? [] : Seen(data, table);
        int[] ranks = [.. own.Where(rank => table is null || options.KeepRowsWithoutKnowledge || seen[rank] >= 0)];
        return ranks.Length > 0 ? new TrainingRows(ranks, table, seen) : throw new Llm4MsrException(FaultKind.BadInput,
            "No training row has knowledge older than itself, so nothing is left to train on. Keep the rows without knowledge.");
    }

    /// <returns>For each interaction, the row of the table that it may see; -1 for none.</returns>
    public static int[] Seen(InteractionDataset data, KnowledgeTable table) => table.RowsSeen(
        data.Encoder.Users.Keys, data.Interactions.User, [.. data.Parts.Select(p => p is Part.Validation or Part.Test)]);

    /// <summary>The rows of the table that training rows see: statistics come from them alone.</summary>
    public long[] Snapshots
    {
        get
        {
            long[] rows = [.. Ranks.Select(rank => (long)RowsSeen[rank]).Where(row => row >= 0).Distinct().Order()];
            return rows.Length > 0 ? rows : throw new Llm4MsrException(FaultKind.BadInput,
                "The knowledge holds no user of the training part. Reason for this data, or train with --enhancement none.");
        }
    }
}
