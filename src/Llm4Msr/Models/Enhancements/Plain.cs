using Llm4Msr.Data;
using static TorchSharp.torch;

namespace Llm4Msr.Models.Enhancements;

/// <summary>The backbone alone: what every enhancement is compared with.</summary>
/// <remarks>Shapes: B rows, N features.</remarks>
public sealed class Plain : nn.Module<Tensor, ScenarioGroups, BatchKnowledge?, Tensor>
{
    private readonly nn.Module<Tensor, ScenarioGroups, Tensor> backbone;

    public Plain(nn.Module<Tensor, ScenarioGroups, Tensor> backbone) : base(nameof(Plain))
    {
        this.backbone = backbone;
        RegisterComponents();
    }

    /// <param name="features">[B, N].</param>
    /// <returns>One logit per row, [B].</returns>
    public override Tensor forward(Tensor features, ScenarioGroups scenarios, BatchKnowledge? knowledge) => backbone.call(features, scenarios);
}
