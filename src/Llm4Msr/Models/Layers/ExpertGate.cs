using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Llm4Msr.Models.Layers;

/// <summary>
/// How much each row listens to each expert: one linear layer without bias, then softmax. Nothing in it looks at another
/// row (models guide, section 3.4).
/// </summary>
/// <remarks>Shapes: B rows, N inputs, K experts, M the width of their results.</remarks>
public sealed class ExpertGate : nn.Module<Tensor, Tensor, Tensor>
{
    private readonly Parameter weight; // [K, N]

    public ExpertGate(int inputs, int experts, Generator random) : base(nameof(ExpertGate))
    {
        weight = Weights.Uniform(1 / Math.Sqrt(inputs), random, experts, inputs);
        RegisterComponents();
    }

    /// <param name="rows">[B, N].</param>
    /// <param name="experts">[B, K, M].</param>
    /// <returns>The experts' results in these shares, [B, M].</returns>
    public override Tensor forward(Tensor rows, Tensor experts) => Shares(rows).unsqueeze(1).bmm(experts).squeeze(1);

    /// <param name="rows">[B, N].</param>
    /// <returns>[B, K]; each row's sum is 1.</returns>
    public Tensor Shares(Tensor rows) => rows.mm(weight.t()).softmax(1);
}
