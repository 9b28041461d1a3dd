using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.Language.Decoding;

/// <summary>
/// Positions as rotations (RoPE): of the first R numbers of a head, number i and number i + R/2 are turned together by
/// position x frequency i. R is the head size, or less where a model leaves the rest of a head as it is.
/// </summary>
/// <param name="Cosine">[N, 1, R].</param>
/// <param name="SignedSine">[N, 1, R]: negative for the first half, positive for the second.</param>
internal readonly record struct RotaryEmbedding(Tensor Cosine, Tensor SignedSine)
{
    /// <param name="positions">[N].</param>
    /// <param name="frequencies">[R/2].</param>
    public static RotaryEmbedding At(Tensor positions, Tensor frequencies)
    {
        var angles = torch.outer(positions.to(torch.ScalarType.Float32), frequencies);
        var sine = angles.sin();
        return new(torch.cat([angles, angles], dim: 1).cos_().unsqueeze(1), torch.cat([sine.neg(), sine], dim: 1).unsqueeze(1));
    }

    /// <summary>Turns queries or keys in place.</summary>
    /// <param name="heads">[N, heads, R]: what is turned of each head.</param>
    public void Rotate(Tensor heads, long rotated)
    {
        var halvesSwapped = heads.roll(rotated / 2, -1);
        heads.mul_(Cosine).addcmul_(halvesSwapped, SignedSine, Held.One);
    }
}
