using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Models;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning.Audit;
using Llm4Msr.Reasoning.Prompts;

namespace Llm4Msr.Cli.Grids;

/// <summary>A store, what rows of the data see of it, and the arms that read it.</summary>
/// <param name="Test">What the test part's rows see.</param>
internal sealed record ProtocolStore(string Path, KnowledgeFingerprint Fingerprint, PartExposure Test)
{
    private const string Enhancement = "model.enhancement";

    public KnowledgeProtocol Protocol => Fingerprint.Protocol;

    public static Arm None { get; } = Arm.Of("none", (Enhancement, Spelling.Of(EnhancementKind.None)));

    public Arm Real { get; } = ArmOf(Fingerprint.Protocol.Spelling(), Path, KnowledgeArm.Real);

    public Arm Shuffled { get; } = ArmOf($"{Fingerprint.Protocol.Spelling()}, shuffled", Path, KnowledgeArm.Shuffled);

    private static Arm ArmOf(string name, string path, KnowledgeArm arm) =>
        Arm.Of(name, (Enhancement, Spelling.Of(EnhancementKind.Llm4msr)), ("knowledge", path), ("arm", Spelling.Of(arm)));
}

/// <summary>The stores of <c>protocols</c>, the strictest protocol first.</summary>
internal static class ProtocolStores
{
    /// <exception cref="Llm4MsrException">They are too few, share a protocol, or are of other data.</exception>
    public static IReadOnlyList<ProtocolStore> Of(InteractionDataset data, IReadOnlyList<string> paths, PromptTemplate template, CancellationToken cancellation)
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
            var audit = LeakAudit.Of(data, store, template, eachRecord: _ => cancellation.ThrowIfCancellationRequested());
            stores.Add(new ProtocolStore(path, store.Fingerprint, audit.Parts.Single(p => p.Part == Part.Test)));
        }
        return [.. stores.OrderBy(s => s.Protocol)];
    }

    /// <summary>In words, that stores differ in more than the protocol; null where they do not.</summary>
    public static string? Differences(IReadOnlyList<ProtocolStore> stores)
    {
        var names = stores.Select(s => (s.Fingerprint with { Protocol = default }).Hash()).Distinct().Count() == 1
            ? null : string.Join(", ", stores.Select(s => $"{s.Protocol.Spelling()} is {s.Fingerprint.Source}'s, {ReproducedPlan.History(s.Fingerprint)}"));
        return names is null ? null : $"The stores differ in more than the protocol ({names}): what one is ahead of another by may be that.";
    }
}
