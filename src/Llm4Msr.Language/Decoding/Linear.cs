using Llm4Msr.Platform;

namespace Llm4Msr.Language.Decoding;

/// <summary>x W + b.</summary>
/// <param name="Weight">[inputs, outputs].</param>
/// <param name="Bias">[outputs], or null.</param>
internal readonly record struct Linear(Tensor Weight, Tensor? Bias)
{
    /// <param name="x">[N, inputs].</param>
    /// <returns>[N, outputs].</returns>
    public Tensor Apply(Tensor x) => Bias is null ? x.mm(Weight) : Bias.addmm(x, Weight);

    /// <summary>Adds the result onto <paramref name="sum"/> [N, outputs].</summary>
    public void AddTo(Tensor sum, Tensor x)
    {
        sum.addmm_(x, Weight);
        if (Bias is not null)
            sum.add_(Bias, Held.One);
    }
}
