using Llm4Msr.Knowledge;

namespace Llm4Msr.Models;

/// <summary>Puts an arm's vectors in the place of the real ones; each seed of a run has its own draw.</summary>
public static class KnowledgeArms
{
    public static KnowledgeTable Apply(this KnowledgeArm arm, KnowledgeTable table, int seed) => arm switch
    {
        KnowledgeArm.Real => table,
        KnowledgeArm.Shuffled => table.WithUsersShuffled(seed),
        KnowledgeArm.Random => table.WithRandomVectors(seed),
        KnowledgeArm.Constant => table.WithOneVector(),
        KnowledgeArm.IdEmbedding => table, // which says who is known; the reader holds the vectors
        _ => throw new ArgumentOutOfRangeException(nameof(arm), arm, null),
    };

    /// <summary>How many users' vectors are learned; null where all are read from the table.</summary>
    public static int? LearnedUsers(this KnowledgeArm arm, KnowledgeTable table) => arm == KnowledgeArm.IdEmbedding ? table.Users.Count : null;
}
