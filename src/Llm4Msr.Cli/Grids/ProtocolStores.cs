using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Models;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning.Audit;
using Llm4Msr.Reasoning.Prompts;

namespace Llm4Msr.Cli.Grids;

/// <summary>A store, what rows of the data see of it, and the arms that read it.</summary>
internal sealed record ProtocolStore(string Path, KnowledgeFingerprint Fingerprint, LeakReport Audit)
{
    private const string Enhancement = "model.enhancement", Knowledge = "knowledge";

    public KnowledgeProtocol Protocol => Fingerprint.Protocol;

    public PartExposure Test => Audit.Parts.Single(p => p.Part == Part.Test);

    /// <summary>Reads nothing of it: a store is named so that whatever is said of knowledge is said of all arms.</summary>
    public Arm None { get; } = Arm.Of("none", (Enhancement, Spelling.Of(EnhancementKind.None)), (Knowledge, Path));

    public Arm Real { get; } = ArmOf(Fingerprint.Protocol.Spelling(), Path, KnowledgeArm.Real);

    public Arm Shuffled { get; } = ArmOf($"{Fingerprint.Protocol.Spelling()}, shuffled", Path, KnowledgeArm.Shuffled);

    private static Arm ArmOf(string name, string path, KnowledgeArm arm) =>
        Arm.Of(name, (Enhancement, Spelling.Of(EnhancementKind.Llm4msr)), (Knowledge, path), ("arm", Spelling.Of(arm)));
}

/// <summary>The stores of <c>protocols</c>, the strictest protocol first.</summary>
internal static class ProtocolStores
{
    /// <param name="model">That was asked: cuts long titles again as it did. Null for none.</param>
    /// <exception cref="Llm4MsrException">They are too few, share a protocol, or are of other data.</exception>
    public static IReadOnlyList<ProtocolStore> Of(InteractionDataset data, IReadOnlyList<string> paths, PromptTemplate template, string? model, CancellationToken cancellation)
    {
        if (paths.Count < 2)
            throw new Llm4MsrException(FaultKind.Usage, "--knowledge names one store, expected one for each protocol that is compared: two or three. 'llm4msr reason DATA --protocol whole-period' makes another.");
        List<ProtocolStore> stores = [];
        foreach (var path in paths)
        {
            using var store = KnowledgeStore.OpenForReading(path);
            store.RequireInteractions(data.Description.InteractionsHash);
            if (stores.Find(s => s.Protocol == store.Fingerprint.Protocol) is { } same)
                throw new Llm4MsrException(FaultKind.Usage, $"'{same.Path}' and '{path}' are both of the protocol {same.Protocol.Spelling()}. Name one store for each protocol.");
            var asked = AskedModel.Of(store, model);
            var audit = LeakAudit.Of(data, store, template, cutTokens: asked is null ? null : asked.Cut, eachRecord: _ => cancellation.ThrowIfCancellationRequested());
            stores.Add(new ProtocolStore(path, store.Fingerprint, audit));
        }
        return [.. stores.OrderBy(s => s.Protocol)];
    }

    /// <summary>In words, in what stores differ beside the protocol; null where in nothing.</summary>
    public static string? Differences(IReadOnlyList<ProtocolStore> stores)
    {
        var first = stores[0].Fingerprint with { Protocol = default };
        List<string> differences = [.. stores.Skip(1).SelectMany(s => (s.Fingerprint with { Protocol = default }).DifferencesTo(first).Select(d => $"{s.Protocol.Spelling()} has {d}"))];
        return differences.Count == 0 ? null : $"The stores differ in more than the protocol ({string.Join("; ", differences)}): what one is ahead of another by may be that.";
    }
}
