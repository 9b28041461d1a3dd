using TorchSharp;

namespace Llm4Msr.Language.Decoding;

internal static class RmsNorm
{
    private static readonly long[] s_last = [-1];

    /// <summary>Each row divided by the root of the mean of its squares, then scaled number by number.</summary>
    /// <param name="x">[N, H].</param>
    /// <param name="weight">[H].</param>
    /// <returns>[N, H].</returns>
    public static Tensor Apply(Tensor x, Tensor weight, float epsilon)
    {
        // The length of each row comes from one pass over x, without a copy of its squares.
        var length = torch.linalg.vector_norm(x, 2, s_last, keepdim: true);
        var meanSquare = length.mul_(length).mul_(1f / weight.shape[0]);
        return x.mul(meanSquare.add_(epsilon).rsqrt_()).mul_(weight);
    }
}
