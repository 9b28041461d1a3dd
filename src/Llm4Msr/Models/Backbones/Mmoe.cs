using Llm4Msr.Data;
using Llm4Msr.Models.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Llm4Msr.Models.Backbones;

/// <summary>MMoE: experts for all scenarios, a gate and a tower for each scenario (models guide, section 3.4).</summary>
/// <remarks>
/// Shapes: B rows, N inputs. The last hidden width belongs to the towers, the others to each expert; a single width to
/// the experts. The experts run once on all rows, a gate on the rows of its scenario.
/// </remarks>
public sealed class Mmoe : nn.Module<Tensor, ScenarioGroups, Tensor>
{
    private readonly ModuleList<Mlp> expert;
    private readonly ModuleList<ExpertGate> gate;
    private readonly ModuleList<Tower> tower;

    public Mmoe(int inputs, int scenarios, ModelOptions options, Generator random) : base(nameof(Mmoe))
    {
        var widths = WidthSplit.ForExperts(options.HiddenWidths);
        expert = nn.ModuleList([.. Enumerable.Range(0, options.Experts.Count).Select(_ => new Mlp(inputs, widths.Shared, random))]);
        gate = nn.ModuleList([.. Enumerable.Range(0, scenarios).Select(_ => new ExpertGate(inputs, options.Experts.Count, random))]);
        tower = Tower.PerScenario(scenarios, widths.TowerInputs(inputs), widths.Tower, random);
        RegisterComponents();
    }

    /// <param name="features">[B, N].</param>
    /// <returns>One logit per row, [B].</returns>
    public override Tensor forward(Tensor features, ScenarioGroups scenarios)
    {
        var experts = stack(expert.Select(e => e.call(features)), 1);
        return scenarios.Apply(features, experts, (scenario, rows, own) => tower[scenario].call(gate[scenario].call(rows, own)));
    }
}
