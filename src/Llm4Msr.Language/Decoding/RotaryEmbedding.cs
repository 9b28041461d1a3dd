using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.Language.Decoding;

/// <summary>
/// Positions as rotations (RoPE): number i of a head and number i + D/2 are turned together by position x frequency i.
/// </summary>
/// <param name="Cosine">[N, 1, D].</param>
/// <param name="SignedSine">[N, 1, D]: negative for the first half of a head, positive for the second.</param>
internal readonly record struct RotaryEmbedding(Tensor Cosine, Tensor SignedSine)
{
    /// <param name="positions">One per token, N in all.</param>
    /// <param name="frequencies">[D/2].</param>
    public static RotaryEmbedding At(long[] positions, Tensor frequencies)
    {
        var angles = torch.outer(torch.tensor(positions, torch.ScalarType.Float32), frequencies);
        var sine = angles.sin();
        return new(torch.cat([angles, angles], dim: 1).cos_().unsqueeze(1), torch.cat([sine.neg(), sine], dim: 1).unsqueeze(1));
    }

    /// <summary>Turns queries or keys in place.</summary>
    /// <param name="heads">[N, heads, D].</param>
    public void Rotate(Tensor heads, long headSize)
    {
        var halvesSwapped = heads.roll(headSize / 2, -1);
        heads.mul_(Cosine).addcmul_(halvesSwapped, SignedSine, Held.One);
    }
}
