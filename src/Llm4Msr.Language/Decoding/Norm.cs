using Llm4Msr.Language.Files;
using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.Language.Decoding;

/// <param name="Weight">[H].</param>
/// <param name="Bias">[H], or null for an RMSNorm.</param>
internal readonly record struct NormWeights(Tensor Weight, Tensor? Bias);

/// <summary>What brings each row to a like size before a projection: RMSNorm or LayerNorm.</summary>
internal sealed class Norm(NormKind kind, float epsilon)
{
    private static readonly long[] s_last = [-1];

    private readonly RmsNorm _rms = new(epsilon);
    private readonly Scalar _epsilon = epsilon;

    /// <param name="x">[N, H].</param>
    /// <returns>[N, H].</returns>
    public Tensor Apply(Tensor x, NormWeights weights) =>
        kind == NormKind.RmsNorm ? _rms.Apply(x, weights.Weight) : LayerNorm(x, weights);

    /// <summary>Each row less its mean, divided by the root of its variance, then scaled and shifted number by number.</summary>
    private Tensor LayerNorm(Tensor x, NormWeights weights)
    {
        var centred = x.add(x.mean(s_last, keepdim: true), Held.MinusOne);
        var variance = centred.mul(centred).mean(s_last, keepdim: true);
        return centred.mul_(variance.add_(_epsilon, Held.One).rsqrt_()).mul_(weights.Weight).add_(weights.Bias!, Held.One);
    }
}
