using Llm4Msr.Data;
using Llm4Msr.Models.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Llm4Msr.Models.Backbones;

/// <summary>OMoE: experts for all scenarios behind one gate, then a tower for each scenario (models guide, section 3.3).</summary>
/// <remarks>
/// Shapes: B rows, N inputs. The last hidden width belongs to the towers, the others to each expert; a single width to
/// the experts.
/// </remarks>
public sealed class Omoe : nn.Module<Tensor, ScenarioGroups, Tensor>
{
    private readonly ModuleList<Mlp> expert;
    private readonly ModuleList<ExpertGate> gate; // one; a list, so that it is named as those of MMoE
    private readonly ModuleList<Tower> tower;

    public Omoe(int inputs, int scenarios, ModelOptions options, Generator random) : base(nameof(Omoe))
    {
        var widths = WidthSplit.ForExperts(options.HiddenWidths);
        expert = nn.ModuleList([.. Enumerable.Range(0, options.Experts.Count).Select(_ => new Mlp(inputs, widths.Shared, random))]);
        gate = nn.ModuleList(new ExpertGate(inputs, options.Experts.Count, random));
        tower = Tower.PerScenario(scenarios, widths.TowerInputs(inputs), widths.Tower, random);
        RegisterComponents();
    }

    /// <param name="features">[B, N].</param>
    /// <returns>One logit per row, [B].</returns>
    public override Tensor forward(Tensor features, ScenarioGroups scenarios)
    {
        var experts = stack(expert.Select(e => e.call(features)), 1);
        return scenarios.Apply(gate[0].call(features, experts), (scenario, rows) => tower[scenario].call(rows));
    }
}
