using System.Numerics;
using System.Runtime.InteropServices;
using TorchSharp;
using TorchSharp.Modules;

namespace Llm4Msr.Training;

/// <summary>Parameters that are trained alike.</summary>
public sealed record ParameterGroup(IReadOnlyList<Parameter> Parameters, double LearningRate, double WeightDecay = 0);

/// <summary>
/// Adam (Kingma and Ba) with bias correction, equal to PyTorch's, in one pass over each parameter's memory: TorchSharp's own
/// allocates a dozen tensors per parameter and step. Weight decay is added to the gradient, as in PyTorch's Adam.
/// </summary>
/// <remarks>A parameter without a gradient in a step is left alone and its step is not counted, as in PyTorch.</remarks>
public sealed class Adam
{
    private const double Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-8;

    private readonly List<Slot> _slots;

    private sealed class Slot(Parameter parameter, ParameterGroup group)
    {
        public Parameter Parameter { get; } = parameter;
        public ParameterGroup Group { get; } = group;
        public byte[] FirstMoment { get; } = new byte[Bytes(parameter)];
        public byte[] SecondMoment { get; } = new byte[Bytes(parameter)];
        public long Steps { get; set; }

        private static long Bytes(Parameter parameter) => parameter.numel() * parameter.ElementSize;
    }

    public Adam(params IReadOnlyList<ParameterGroup> groups)
    {
        _slots = [.. groups.SelectMany(group => group.Parameters.Select(p => new Slot(p, group)))];
        if (_slots.FirstOrDefault(s => !s.Parameter.is_contiguous()) is not null)
            throw new ArgumentException("A parameter is not contiguous.", nameof(groups));
    }

    /// <summary>Forgets the gradients of the last step.</summary>
    public void ZeroGradients()
    {
        foreach (var slot in _slots)
            slot.Parameter.grad = null;
    }

    /// <summary>Changes every parameter that has a gradient.</summary>
    public void Step()
    {
        using var scope = torch.NewDisposeScope();
        foreach (var slot in _slots)
        {
            if (slot.Parameter.grad is not { } gradient)
                continue;
            slot.Steps++;
            gradient = gradient.contiguous();
            if (slot.Parameter.dtype == torch.ScalarType.Float64)
                Update<double>(slot, gradient);
            else
                Update<float>(slot, gradient);
        }
    }

    private static void Update<T>(Slot slot, Tensor gradient) where T : unmanaged, IRootFunctions<T>
    {
        var (correction1, correction2) = (1 - Math.Pow(Beta1, slot.Steps), 1 - Math.Pow(Beta2, slot.Steps));
        Update(
            MemoryMarshal.Cast<byte, T>(slot.Parameter.bytes),
            MemoryMarshal.Cast<byte, T>(gradient.bytes),
            MemoryMarshal.Cast<byte, T>(slot.FirstMoment.AsSpan()),
            MemoryMarshal.Cast<byte, T>(slot.SecondMoment.AsSpan()),
            T.CreateChecked(slot.Group.LearningRate / correction1),
            T.CreateChecked(1 / Math.Sqrt(correction2)),
            T.CreateChecked(slot.Group.WeightDecay));
    }

    private static void Update<T>(
        Span<T> weights, ReadOnlySpan<T> gradients, Span<T> firsts, Span<T> seconds, T rate, T secondScale, T decay)
        where T : unmanaged, IRootFunctions<T>
    {
        var (b1, b2, epsilon) = (T.CreateChecked(Beta1), T.CreateChecked(Beta2), T.CreateChecked(Epsilon));
        var (rest1, rest2) = (T.CreateChecked(1 - Beta1), T.CreateChecked(1 - Beta2));
        var k = 0;
        for (; k <= weights.Length - Vector<T>.Count; k += Vector<T>.Count)
        {
            var weight = new Vector<T>(weights[k..]);
            var gradient = new Vector<T>(gradients[k..]) + weight * decay;
            var first = new Vector<T>(firsts[k..]) * b1 + gradient * rest1;
            var second = new Vector<T>(seconds[k..]) * b2 + gradient * gradient * rest2;
            first.CopyTo(firsts[k..]);
            second.CopyTo(seconds[k..]);
            (weight - first * rate / (Vector.SquareRoot(second) * secondScale + new Vector<T>(epsilon))).CopyTo(weights[k..]);
        }
        for (; k < weights.Length; k++)
        {
            var gradient = gradients[k] + weights[k] * decay;
            firsts[k] = firsts[k] * b1 + gradient * rest1;
            seconds[k] = seconds[k] * b2 + gradient * gradient * rest2;
            weights[k] -= firsts[k] * rate / (T.Sqrt(seconds[k]) * secondScale + epsilon);
        }
    }
}
