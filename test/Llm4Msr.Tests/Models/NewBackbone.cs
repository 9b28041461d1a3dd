using Llm4Msr.Data;
using Llm4Msr.Models;
using Llm4Msr.Models.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Llm4Msr.Tests.Models;

#region docs/new-backbone.md
/// <summary>Separate: each scenario has a network of its own and shares nothing but the embeddings.</summary>
/// <remarks>Shapes: B rows, N inputs.</remarks>
public sealed class Separate : nn.Module<Tensor, ScenarioGroups, Tensor>
{
    private readonly ModuleList<Tower> tower;

    public Separate(int inputs, int scenarios, ModelOptions options, Generator random) : base(nameof(Separate))
    {
        tower = Tower.PerScenario(scenarios, inputs, options.HiddenWidths, random);
        RegisterComponents();
    }

    /// <param name="features">[B, N].</param>
    /// <returns>One logit per row, [B].</returns>
    public override Tensor forward(Tensor features, ScenarioGroups scenarios) =>
        scenarios.Apply(features, (scenario, rows) => tower[scenario].call(rows));
}
#endregion
