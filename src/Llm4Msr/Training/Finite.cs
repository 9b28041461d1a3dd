using System.Numerics;
using TorchSharp;

namespace Llm4Msr.Training;

/// <summary>Whether numbers are finite, at the speed of reading them.</summary>
internal static class Finite
{
    /// <param name="tensor">Contiguous; integers are always finite.</param>
    public static bool All(Tensor tensor) => tensor.dtype switch
    {
        torch.ScalarType.Float32 => All<float>(Adam.Numbers<float>(tensor)),
        torch.ScalarType.Float64 => All<double>(Adam.Numbers<double>(tensor)),
        torch.ScalarType.Int32 or torch.ScalarType.Int64 => true,
        _ => throw new ArgumentOutOfRangeException(nameof(tensor), tensor.dtype, null),
    };

    /// <summary>x - x is 0 for a finite number and not a number for any other, and so is a sum of such differences.</summary>
    private static bool All<T>(ReadOnlySpan<T> numbers) where T : unmanaged, IFloatingPoint<T>
    {
        var (sum, k) = (Vector<T>.Zero, 0);
        for (; k <= numbers.Length - Vector<T>.Count; k += Vector<T>.Count)
        {
            var some = new Vector<T>(numbers[k..]);
            sum += some - some;
        }
        var rest = T.Zero;
        for (; k < numbers.Length; k++)
            rest += numbers[k] - numbers[k];
        return Vector.Sum(sum) + rest == T.Zero;
    }
}
