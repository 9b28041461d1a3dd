using TorchSharp;

namespace Llm4Msr.Platform;

/// <summary>Numbers that are passed to tensor operations, wrapped once and kept.</summary>
/// <remarks>
/// TorchSharp 0.107 wraps a number in an object that its finalizer frees, and does not keep that object alive during the
/// call: if another thread collects garbage at that moment, the operation reads freed memory and gives an error or, in
/// silence, something else. So numbers are wrapped in fields, and what wraps one by itself (<c>x + y</c>,
/// <c>x.add_(y)</c> without its factor, <c>square</c>, <c>vector_norm</c>, <c>full</c>, <c>arange</c>,
/// <c>masked_fill</c>) is not called while other threads may run.
/// </remarks>
public static class Held
{
    public static readonly Scalar One = 1f;

    public static readonly Scalar MinusOne = -1f;

    /// <summary>x + y.</summary>
    public static torch.Tensor Plus(this torch.Tensor x, torch.Tensor y) => x.add(y, One);

    /// <summary>x + <paramref name="number"/>, which the caller holds.</summary>
    public static torch.Tensor Plus(this torch.Tensor x, Scalar number) => x.add(number, One);

    /// <summary>x², element by element.</summary>
    public static torch.Tensor Squared(this torch.Tensor x) => x * x;
}
