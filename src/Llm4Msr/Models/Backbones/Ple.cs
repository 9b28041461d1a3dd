using Llm4Msr.Data;
using Llm4Msr.Models.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Llm4Msr.Models.Backbones;

/// <summary>
/// PLE: levels of experts, some for one scenario and some for all, with a gate for each scenario and one for what is
/// shared; then a tower for each scenario (models guide, section 3.5).
/// </summary>
/// <remarks>
/// Shapes: B rows, N inputs, S scenarios. The last hidden width belongs to the towers, each of the others to the experts
/// of one level; a single width to the experts. What is shared reads every scenario's experts, so these run on all rows;
/// on the last level nothing does, and each scenario's experts run on its own rows.
/// </remarks>
public sealed class Ple : nn.Module<Tensor, ScenarioGroups, Tensor>
{
    private readonly ModuleList<PleLevel> level;
    private readonly ModuleList<Tower> tower;

    public Ple(int inputs, int scenarios, ModelOptions options, Generator random) : base(nameof(Ple))
    {
        var widths = WidthSplit.ForExperts(options.HiddenWidths);
        int[] all = [inputs, .. widths.Shared];
        level = nn.ModuleList([.. all.Zip(all.Skip(1)).Select((width, k) =>
            new PleLevel(width.First, width.Second, scenarios, options.Experts, isLast: k == widths.Shared.Count - 1, random))]);
        tower = Tower.PerScenario(scenarios, widths.TowerInputs(inputs), widths.Tower, random);
        RegisterComponents();
    }

    /// <param name="features">[B, N].</param>
    /// <returns>One logit per row, [B].</returns>
    public override Tensor forward(Tensor features, ScenarioGroups scenarios)
    {
        var (specific, shared) = (Enumerable.Repeat(features, tower.Count).ToArray(), features);
        var own = level.Count == 1 ? scenarios.Split(features) : [];
        for (var k = 0; k < level.Count - 1; k++)
        {
            var experts = level[k].Experts(specific, shared);
            // Of what the level before the last makes for a scenario, only its own rows are read.
            if (k == level.Count - 2)
                own = level[k].MixOwn(scenarios, specific, experts);
            else
                specific = level[k].MixAll(specific, experts);
            shared = level[k].MixShared(shared, experts);
        }
        var ownShared = scenarios.Split(shared);
        return scenarios.Join([.. scenarios.Present.Select((scenario, k) =>
            tower[scenario].call(level[^1].ForScenario(scenario, own[k], ownShared[k])))]);
    }
}

/// <summary>What the experts of a level make of all rows.</summary>
/// <param name="Specific">[B, E, O] for each of the S scenarios.</param>
/// <param name="Shared">[B, E, O].</param>
internal sealed record PleExperts(Tensor[] Specific, Tensor Shared);

/// <summary>One level of PLE; each expert is a linear layer with ReLU.</summary>
/// <remarks>Shapes: B rows, I inputs, O outputs, S scenarios, E a number of experts.</remarks>
public sealed class PleLevel : nn.Module
{
    private readonly ModuleList<ModuleList<Linear>> specific;
    private readonly ModuleList<Linear> shared;
    private readonly ModuleList<ExpertGate> gate;
    private readonly ExpertGate? shared_gate; // none on the last level, where nothing would read what it shares

    public PleLevel(int inputs, int outputs, int scenarios, ExpertOptions experts, bool isLast, Generator random) : base(nameof(PleLevel))
    {
        specific = nn.ModuleList([.. Enumerable.Range(0, scenarios).Select(_ => Experts(experts.Specific))]);
        shared = Experts(experts.Shared);
        gate = nn.ModuleList([.. Enumerable.Range(0, scenarios).Select(_ => new ExpertGate(inputs, experts.Specific + experts.Shared, random))]);
        shared_gate = isLast ? null : new ExpertGate(inputs, scenarios * experts.Specific + experts.Shared, random);
        RegisterComponents();

        ModuleList<Linear> Experts(int count) => nn.ModuleList([.. Enumerable.Range(0, count).Select(_ => Weights.Linear(inputs, outputs, random))]);
    }

    /// <param name="specificInputs">[B, I] for each of the S scenarios.</param>
    /// <param name="sharedInputs">[B, I].</param>
    internal PleExperts Experts(Tensor[] specificInputs, Tensor sharedInputs) =>
        new([.. specific.Select((experts, s) => Run(experts, specificInputs[s]))], Run(shared, sharedInputs));

    /// <returns>[B, O] for each scenario.</returns>
    internal Tensor[] MixAll(Tensor[] specificInputs, PleExperts experts) =>
        [.. gate.Select((g, s) => g.call(specificInputs[s], cat([experts.Specific[s], experts.Shared], 1)))];

    /// <returns>[b, O] for each present scenario: its own rows.</returns>
    internal Tensor[] MixOwn(ScenarioGroups scenarios, Tensor[] specificInputs, PleExperts experts)
    {
        var (inputs, own, common) = (scenarios.SplitOwn(specificInputs), scenarios.SplitOwn(experts.Specific), scenarios.Split(experts.Shared));
        return [.. scenarios.Present.Select((s, k) => gate[s].call(inputs[k], cat([own[k], common[k]], 1)))];
    }

    /// <returns>[B, O].</returns>
    internal Tensor MixShared(Tensor sharedInputs, PleExperts experts) =>
        shared_gate!.call(sharedInputs, cat([.. experts.Specific, experts.Shared], 1));

    /// <param name="specificInputs">Rows of this scenario, [b, I].</param>
    /// <param name="sharedInputs">[b, I].</param>
    /// <returns>[b, O].</returns>
    public Tensor ForScenario(int scenario, Tensor specificInputs, Tensor sharedInputs) =>
        gate[scenario].call(specificInputs, cat([Run(specific[scenario], specificInputs), Run(shared, sharedInputs)], 1));

    /// <summary>All experts with the same inputs in one multiplication.</summary>
    /// <returns>[B, E, O].</returns>
    private static Tensor Run(ModuleList<Linear> experts, Tensor rows)
    {
        var weight = cat([.. experts.Select(e => e.weight)]);
        var bias = cat([.. experts.Select(e => e.bias!)]);
        return nn.functional.linear(rows, weight, bias).relu().view(rows.shape[0], experts.Count, -1);
    }
}
