using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Llm4Msr.Models.Layers;

/// <summary>What each scenario has for itself: hidden layers, then one linear layer to the logit.</summary>
/// <remarks>Shapes: B rows, I inputs. The hidden layers are named 0, 1, … and the last one <c>out</c> in weights files.</remarks>
public sealed class Tower : nn.Module<Tensor, Tensor>
{
    private readonly Linear[] hidden;
    private readonly Linear last;

    public Tower(int inputs, IReadOnlyList<int> widths, Generator random) : base(nameof(Tower))
    {
        hidden = new Linear[widths.Count];
        for (var k = 0; k < hidden.Length; k++)
        {
            hidden[k] = Weights.Linear(k == 0 ? inputs : widths[k - 1], widths[k], random);
            register_module($"{k}", hidden[k]);
        }
        last = Weights.Linear(widths.Count == 0 ? inputs : widths[^1], 1, random);
        register_module("out", last);
    }

    public static ModuleList<Tower> PerScenario(int scenarios, int inputs, IReadOnlyList<int> widths, Generator random) =>
        nn.ModuleList([.. Enumerable.Range(0, scenarios).Select(_ => new Tower(inputs, widths, random))]);

    /// <param name="rows">[B, I].</param>
    /// <returns>One logit per row, [B].</returns>
    public override Tensor forward(Tensor rows)
    {
        foreach (var layer in hidden)
            rows = layer.call(rows).relu();
        return last.call(rows).squeeze(-1);
    }
}
