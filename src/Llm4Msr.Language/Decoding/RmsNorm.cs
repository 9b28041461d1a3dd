using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.Language.Decoding;

/// <summary>Each row divided by the root of the mean of its squares, then scaled number by number.</summary>
internal sealed class RmsNorm(float epsilon)
{
    private static readonly long[] s_last = [-1];

    private readonly Scalar _epsilon = epsilon;

    /// <param name="x">[N, H].</param>
    /// <param name="weight">[H].</param>
    /// <returns>[N, H].</returns>
    public Tensor Apply(Tensor x, Tensor weight)
    {
        var meanSquare = x.mul(x).mean(s_last, keepdim: true);
        return x.mul(meanSquare.add_(_epsilon, Held.One).rsqrt_()).mul_(weight);
    }
}
