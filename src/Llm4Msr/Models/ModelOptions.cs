using Llm4Msr.Models.Enhancements;

namespace Llm4Msr.Models;

public enum BackboneKind
{
    SharedBottom,
    Star,
}

/// <summary>What a model is built of; together with the schema and the scenarios it fixes every shape.</summary>
public sealed record ModelOptions
{
    public BackboneKind Backbone { get; init; } = BackboneKind.Star;

    /// <summary>Size of each field's embedding (the paper's Dim).</summary>
    public int EmbeddingSize { get; init; } = 16;

    /// <summary>Widths of the backbone's hidden layers (paper, Table 4).</summary>
    public IReadOnlyList<int> HiddenWidths { get; init; } = [64, 32, 16];

    /// <summary>LLM4MSR around the backbone, or null for the backbone alone.</summary>
    public FusionOptions? Fusion { get; init; }
}
