namespace Llm4Msr.Models.Layers;

/// <summary>Which hidden widths are shared and which belong to the scenarios' towers.</summary>
/// <param name="Shared">Of the bottom or of each expert; may be empty for a bottom.</param>
/// <param name="Tower">Of each tower, before its logit.</param>
internal sealed record WidthSplit(IReadOnlyList<int> Shared, IReadOnlyList<int> Tower)
{
    /// <summary>The last width is the towers'.</summary>
    public static WidthSplit ForBottom(IReadOnlyList<int> widths) => new([.. widths.SkipLast(1)], [widths[^1]]);

    /// <summary>
    /// The last width is the towers', a single one the experts': an expert without layers would hand on its inputs, and
    /// gates between equal experts learn nothing.
    /// </summary>
    public static WidthSplit ForExperts(IReadOnlyList<int> widths) => widths.Count == 1 ? new(widths, []) : ForBottom(widths);

    /// <summary>What the towers read.</summary>
    public int TowerInputs(int inputs) => Shared.Count == 0 ? inputs : Shared[^1];
}
