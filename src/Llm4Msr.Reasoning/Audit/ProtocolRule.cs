using Llm4Msr.Data;
using Llm4Msr.Knowledge;

namespace Llm4Msr.Reasoning.Audit;

/// <summary>
/// The protocols once more (models guide, section 2.2), written down from the parts and ranks of the data alone: neither
/// the plan by which prompts are made nor the code by which training looks knowledge up is asked.
/// </summary>
internal sealed class ProtocolRule(InteractionDataset data, KnowledgeProtocol protocol)
{
    /// <summary>
    /// The latest rank that may stand in a prompt of the user: of the training rows, or for a user who is never trained on
    /// of the rows before the first that is scored; -1 for none.
    /// </summary>
    /// <param name="ranks">All rows of the user, ascending.</param>
    public int LatestAllowed(ReadOnlySpan<int> ranks)
    {
        if (protocol == KnowledgeProtocol.WholePeriod)
            return ranks[^1];
        int trained = -1, beforeScored = -1;
        var scored = false;
        foreach (var rank in ranks)
        {
            scored |= IsScored(data.Parts[rank]);
            if (data.Parts[rank] == Part.Training)
                trained = rank;
            if (!scored)
                beforeScored = rank;
        }
        return trained >= 0 ? trained : beforeScored;
    }

    /// <summary>The snapshot that a row sees: the newest that is older than it, or with the other protocols the newest.</summary>
    /// <param name="snapshots">Of the row's user, by rank.</param>
    public AuditedSnapshot? SeenBy(int rank, IEnumerable<AuditedSnapshot> snapshots) => protocol == KnowledgeProtocol.PastOnly
        ? snapshots.LastOrDefault(s => s.AsOfRank <= rank)
        : snapshots.LastOrDefault();

    /// <summary>Whether a row of this part that sees itself or its future breaks the rule.</summary>
    public bool Forbids(Part part) => protocol == KnowledgeProtocol.PastOnly || IsScored(part);

    private static bool IsScored(Part part) => part is Part.Validation or Part.Test;
}

/// <summary>A user's snapshot and the rows that stand in it.</summary>
/// <param name="Rows">Ascending; of a snapshot whose prompt is not known, all of the user's that are older.</param>
internal sealed record AuditedSnapshot(long AsOfRank, int[] Rows);
