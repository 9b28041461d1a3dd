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
        _ => throw new ArgumentOutOfRangeException(nameof(arm), arm, null),
    };
}
