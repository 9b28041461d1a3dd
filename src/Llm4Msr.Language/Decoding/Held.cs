using TorchSharp;

namespace Llm4Msr.Language.Decoding;

/// <summary>Numbers that are passed to tensor operations, wrapped once and kept.</summary>
/// <remarks>
/// TorchSharp 0.107 wraps a number in an object that its finalizer frees, and does not keep that object alive during the
/// call: if another thread collects garbage at that moment, the operation reads freed memory and gives an error or, in
/// silence, something else. So numbers are wrapped in fields, and what wraps one by itself (<c>x + y</c>,
/// <c>x.add_(y)</c> without its factor, <c>square</c>, <c>vector_norm</c>, <c>full</c>, <c>arange</c>,
/// <c>masked_fill</c>) is not called while other threads may run.
/// </remarks>
internal static class Held
{
    public static readonly Scalar One = 1f;

    public static readonly Scalar MinusOne = -1f;
}
