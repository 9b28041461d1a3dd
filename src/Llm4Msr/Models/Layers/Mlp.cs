using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Llm4Msr.Models.Layers;

/// <summary>Hidden layers: linear and ReLU, the last one included.</summary>
/// <remarks>Shapes: B rows, I inputs, O the last width. The layers are named 0, 1, … in weights files.</remarks>
public sealed class Mlp : nn.Module<Tensor, Tensor>
{
    private readonly Linear[] hidden;

    public Mlp(int inputs, IReadOnlyList<int> widths, Generator random) : base(nameof(Mlp))
    {
        hidden = new Linear[widths.Count];
        for (var k = 0; k < hidden.Length; k++)
        {
            hidden[k] = Weights.Linear(k == 0 ? inputs : widths[k - 1], widths[k], random);
            register_module($"{k}", hidden[k]);
        }
    }

    /// <param name="rows">[B, I].</param>
    /// <returns>[B, O].</returns>
    public override Tensor forward(Tensor rows)
    {
        foreach (var layer in hidden)
            rows = layer.call(rows).relu();
        return rows;
    }
}
