using Llm4Msr.Data;
using Llm4Msr.Models.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Llm4Msr.Models.Backbones;

/// <summary>Shared Bottom: one network for all scenarios, then a tower for each (models guide, section 3.1).</summary>
/// <remarks>
/// Shapes: B rows, N inputs. The last hidden width belongs to the towers, the others to the bottom. No batch
/// normalisation, which would mix scenarios.
/// </remarks>
public sealed class SharedBottom : nn.Module<Tensor, ScenarioGroups, Tensor>
{
    private readonly Mlp bottom;
    private readonly ModuleList<Tower> tower;

    public SharedBottom(int inputs, int scenarios, ModelOptions options, Generator random) : base(nameof(SharedBottom))
    {
        var widths = WidthSplit.ForBottom(options.HiddenWidths);
        bottom = new Mlp(inputs, widths.Shared, random);
        tower = Tower.PerScenario(scenarios, widths.TowerInputs(inputs), widths.Tower, random);
        RegisterComponents();
    }

    /// <param name="features">[B, N].</param>
    /// <returns>One logit per row, [B].</returns>
    public override Tensor forward(Tensor features, ScenarioGroups scenarios) =>
        scenarios.Apply(bottom.call(features), (scenario, rows) => tower[scenario].call(rows));
}
