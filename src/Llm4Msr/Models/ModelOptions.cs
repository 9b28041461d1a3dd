using System.Text.Json;
using Llm4Msr.Models.Enhancements;

namespace Llm4Msr.Models;

public enum BackboneKind
{
    SharedBottom,
    Star,
    Omoe,
    Mmoe,
    Ple,
    Aitm,
}

public enum EnhancementKind
{
    None,
    DynamicNetwork,
    Epnet,
    Llm4msr,
    KnowledgeField,
}

/// <summary>What a model is built of; together with the schema and the scenarios it fixes every shape.</summary>
public sealed record ModelOptions
{
    public BackboneKind Backbone { get; init; } = BackboneKind.Star;

    public EnhancementKind Enhancement { get; init; } = EnhancementKind.None;

    /// <summary>Size of each field's embedding (the paper's Dim).</summary>
    public int EmbeddingSize { get; init; } = 16;

    /// <summary>
    /// Standard deviation of the fields' embeddings before training. Generated layers start near nothing too: the smaller it
    /// is, the longer the two take to find each other.
    /// </summary>
    public double EmbeddingDeviation { get; init; } = 0.001;

    /// <summary>Size of the embedding of the scenario itself, for those backbones and enhancements that have one.</summary>
    public int ScenarioEmbeddingSize { get; init; } = 16;

    /// <summary>Widths of the backbone's hidden layers (paper, Table 4).</summary>
    public IReadOnlyList<int> HiddenWidths { get; init; } = [64, 32, 16];

    public ExpertOptions Experts { get; init; } = new();

    public TransferOptions Transfer { get; init; } = new();

    public DynamicNetworkOptions DynamicNetwork { get; init; } = new();

    /// <summary>How knowledge is read and fused; null for a model that reads none.</summary>
    public FusionOptions? Fusion { get; init; }

    /// <summary>Everything about the options that cannot be used, in words; empty where they can.</summary>
    public IEnumerable<string> Problems()
    {
        var reads = Enhancement is EnhancementKind.Llm4msr or EnhancementKind.KnowledgeField;
        if (EmbeddingSize < 1)
            yield return $"embedding is {EmbeddingSize}, expected 1 or more";
        if (!(EmbeddingDeviation > 0 && double.IsFinite(EmbeddingDeviation)))
            yield return FormattableString.Invariant($"embedding deviation is {EmbeddingDeviation}, expected a number above 0");
        if (ScenarioEmbeddingSize < 1)
            yield return $"scenario embedding is {ScenarioEmbeddingSize}, expected 1 or more";
        if (HiddenWidths.Count == 0 || HiddenWidths.Any(w => w < 1))
            yield return $"hidden is {string.Join(',', HiddenWidths)}, expected widths of 1 or more";
        if (Experts.Count < 2)
            yield return $"experts is {Experts.Count}, expected 2 or more: one leaves nothing to gate, and shared-bottom is that model";
        if (Experts.Specific < 1)
            yield return $"specific experts is {Experts.Specific}, expected 1 or more";
        if (Experts.Shared < 1)
            yield return $"shared experts is {Experts.Shared}, expected 1 or more";
        if (DynamicNetwork.CodeWidth < 1 || DynamicNetwork.AttentionWidth < 1 || DynamicNetwork.TowerHidden < 1)
            yield return $"dynamic network is {DynamicNetwork.CodeWidth}, {DynamicNetwork.AttentionWidth}, {DynamicNetwork.TowerHidden}, expected widths of 1 or more";
        if (reads && Fusion is null)
            yield return $"the enhancement {Spelled(Enhancement)} reads knowledge, and fusion does not say how";
        if (!reads && Fusion is not null)
            yield return $"fusion says how knowledge is read, and the enhancement {Spelled(Enhancement)} reads none";
        if (Enhancement == EnhancementKind.KnowledgeField && Fusion is { ScenarioLevel: not FusionPlacement.None })
            yield return $"scenario level is {Spelled(Fusion.ScenarioLevel)}, and the enhancement {Spelled(Enhancement)} reads users' knowledge alone";
        foreach (var problem in Fusion?.Problems() ?? [])
            yield return problem;

        static string Spelled(Enum kind) => JsonNamingPolicy.KebabCaseLower.ConvertName(kind.ToString()); // as the command line has it
    }
}

/// <summary>How many experts a backbone has: one number for OMoE and MMoE, two for PLE.</summary>
public sealed record ExpertOptions
{
    public int Count { get; init; } = 4;

    /// <summary>Per scenario and level.</summary>
    public int Specific { get; init; } = 2;

    /// <summary>For all scenarios, per level.</summary>
    public int Shared { get; init; } = 2;
}

/// <summary>How AITM hands information from scenario to scenario.</summary>
public sealed record TransferOptions
{
    /// <summary>Scenario indices in the order of the transfer, each once; null for 0, 1, ….</summary>
    public IReadOnlyList<int>? ScenarioOrder { get; init; }

    /// <summary>Whether a scenario's loss leaves the networks of the scenarios before it alone.</summary>
    public bool StopGradient { get; init; }
}

/// <summary>Widths of the Dynamic Network's scenario code, of its attention layer and of its tower's hidden layer.</summary>
public sealed record DynamicNetworkOptions
{
    public int CodeWidth { get; init; } = 16;

    public int AttentionWidth { get; init; } = 16;

    public int TowerHidden { get; init; } = 32;
}
