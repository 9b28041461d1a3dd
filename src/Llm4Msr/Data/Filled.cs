using System.Runtime.InteropServices;
using TorchSharp;

namespace Llm4Msr.Data;

/// <summary>Tensors that are filled in their own memory: an array first would be a second one, and cleared for nothing.</summary>
internal static class Filled
{
    /// <param name="values">The tensor's memory, with anything in it; valid while the tensor is.</param>
    /// <returns>[count] int64.</returns>
    public static Tensor Longs(int count, out Span<long> values)
    {
        var tensor = torch.empty(count, dtype: torch.ScalarType.Int64);
        values = MemoryMarshal.Cast<byte, long>(tensor.bytes);
        return tensor;
    }

    /// <returns>[N] float32.</returns>
    public static Tensor Of(ReadOnlySpan<float> numbers)
    {
        var tensor = torch.empty(numbers.Length);
        numbers.CopyTo(MemoryMarshal.Cast<byte, float>(tensor.bytes));
        return tensor;
    }
}
