using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;

namespace Llm4Msr.Cli;

/// <summary>Reads knowledge and checks that it was made from the data at hand.</summary>
internal static class KnowledgeFor
{
    /// <param name="state">Null for the first state that the store names.</param>
    public static KnowledgeTable Data(InteractionDataset data, string storePath, string? state, Action<string> say)
    {
        using var store = KnowledgeStore.OpenForReading(storePath);
        var description = data.Description;
        if (store.InteractionsHash != description.InteractionsHash)
        {
            throw new Llm4MsrException(FaultKind.Damaged,
                $"The knowledge in '{storePath}' was made from other interactions (hash {store.InteractionsHash}) than the data's ({description.InteractionsHash}). "
                + "Reason for this data, or use the data that the knowledge was made from.");
        }
        return KnowledgeTable.Read(store, state ?? store.Fingerprint.States[0], description.TrainingPartHash, say);
    }
}
