using Llm4Msr.Data;
using TorchSharp.Modules;

namespace Llm4Msr.Models.Layers;

/// <summary>The share that a logit beside the backbone has in the sum (paper, equation 9).</summary>
/// <remarks>Shapes: B rows, S scenarios. An alpha is a number, or [S] with one for each scenario.</remarks>
internal static class Alpha
{
    /// <param name="start">The first value, or its logit.</param>
    public static Parameter Start(double start, int? scenarios) => scenarios is { } count ? Weights.Constant(start, count) : Weights.Constant(start);

    /// <param name="beside">[B].</param>
    /// <param name="backbone">[B].</param>
    /// <param name="share">alpha itself, not its logit.</param>
    /// <returns>alpha · beside + (1 - alpha) · backbone, [B].</returns>
    public static Tensor Mix(Tensor beside, Tensor backbone, Tensor share, ScenarioGroups scenarios) =>
        TorchSharp.torch.lerp(backbone, beside, share.dim() == 0 ? share : share.index_select(0, scenarios.Index));
}
