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
/// <remarks>
/// A parameter without a gradient in a step is left alone and its step is not counted, as in PyTorch. A sparse gradient
/// [rows of the table that were looked up] changes these rows alone (lazy Adam): the moments of a row that was left out for
/// some steps first decay as they would have in these steps, its weights stay where they were (performance guide, section
/// 4.4). A table whose every row is touched in every step is trained as by the dense form.
/// </remarks>
public sealed class Adam : IDisposable
{
    internal const double Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-8;

    private readonly List<AdamSlot> _slots;
    private readonly RowGradients _rows = new();

    public Adam(params IReadOnlyList<ParameterGroup> groups)
    {
        if (groups.SelectMany(g => g.Parameters).Any(p => !p.is_contiguous()))
            throw new ArgumentException("A parameter is not contiguous.", nameof(groups));
        _slots = [.. groups.SelectMany(group => group.Parameters.Select(p => new AdamSlot(p, group)))];
    }

    /// <summary>What the next step depends on beside the weights: one entry per parameter, in the groups' order.</summary>
    internal IReadOnlyList<AdamSlot> Slots => _slots;

    /// <summary>Forgets the gradients of the last step.</summary>
    public void ZeroGradients()
    {
        foreach (var slot in _slots)
            slot.Parameter.grad = null;
    }

    /// <returns>The first parameter whose gradient holds a number that is not finite; null where there is none.</returns>
    public Parameter? FirstNotFinite()
    {
        using var scope = torch.NewDisposeScope();
        foreach (var slot in _slots)
        {
            if (slot.Parameter.grad is { } gradient && !Finite.All(gradient.is_sparse ? gradient.SparseValues.contiguous() : gradient.contiguous()))
                return slot.Parameter;
        }
        return null;
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
            if (gradient.is_sparse)
                UpdateRows(slot, gradient);
            else if (slot.Parameter.dtype == torch.ScalarType.Float64)
                Update<double>(slot, gradient.contiguous());
            else
                Update<float>(slot, gradient.contiguous());
        }
    }

    public void Dispose()
    {
        foreach (var slot in _slots)
            slot.Dispose();
    }

    private static void Update<T>(AdamSlot slot, Tensor gradient) where T : unmanaged, IRootFunctions<T> =>
        new Rates<T>(slot).Update(Numbers<T>(slot.Parameter), Numbers<T>(gradient), Numbers<T>(slot.FirstMoment), Numbers<T>(slot.SecondMoment));

    private void UpdateRows(AdamSlot slot, Tensor gradient)
    {
        var width = (int)slot.Parameter.shape[1];
        var sums = _rows.Sum(Numbers<long>(gradient.SparseIndices.contiguous()), Numbers<float>(gradient.SparseValues.contiguous()), width);
        var weights = Numbers<float>(slot.Parameter);
        var firsts = Numbers<float>(slot.FirstMoment);
        var seconds = Numbers<float>(slot.SecondMoment);
        var lastSteps = Numbers<int>(slot.LastStepOfRow());
        var (rates, now) = (new Rates<float>(slot), checked((int)slot.Steps));
        for (var k = 0; k < sums.Rows.Length; k++)
        {
            var row = sums.Rows[k];
            var first = firsts.Slice(row * width, width);
            var second = seconds.Slice(row * width, width);
            var leftOut = now - lastSteps[row] - 1;
            if (leftOut > 0 && lastSteps[row] > 0)
            {
                Scale(first, (float)Math.Pow(Beta1, leftOut));
                Scale(second, (float)Math.Pow(Beta2, leftOut));
            }
            rates.Update(weights.Slice(row * width, width), sums.Gradients.Slice(k * width, width), first, second);
            lastSteps[row] = now;
        }
    }

    private static void Scale(Span<float> numbers, float factor)
    {
        foreach (ref var number in numbers)
            number *= factor;
    }

    internal static Span<T> Numbers<T>(Tensor tensor) where T : unmanaged => MemoryMarshal.Cast<byte, T>(tensor.bytes);

    /// <summary>One step's rates, the same for every element of a parameter.</summary>
    private readonly struct Rates<T>(AdamSlot slot) where T : unmanaged, IRootFunctions<T>
    {
        private readonly T _rate = T.CreateChecked(slot.Group.LearningRate / (1 - Math.Pow(Beta1, slot.Steps)));
        private readonly T _secondScale = T.CreateChecked(1 / Math.Sqrt(1 - Math.Pow(Beta2, slot.Steps)));
        private readonly T _decay = T.CreateChecked(slot.Group.WeightDecay);

        public void Update(Span<T> weights, ReadOnlySpan<T> gradients, Span<T> firsts, Span<T> seconds)
        {
            var (b1, b2, epsilon) = (T.CreateChecked(Beta1), T.CreateChecked(Beta2), T.CreateChecked(Epsilon));
            var (rest1, rest2) = (T.CreateChecked(1 - Beta1), T.CreateChecked(1 - Beta2));
            var k = 0;
            for (; k <= weights.Length - Vector<T>.Count; k += Vector<T>.Count)
            {
                var weight = new Vector<T>(weights[k..]);
                var gradient = new Vector<T>(gradients[k..]) + weight * _decay;
                var first = new Vector<T>(firsts[k..]) * b1 + gradient * rest1;
                var second = new Vector<T>(seconds[k..]) * b2 + gradient * gradient * rest2;
                first.CopyTo(firsts[k..]);
                second.CopyTo(seconds[k..]);
                (weight - first * _rate / (Vector.SquareRoot(second) * _secondScale + new Vector<T>(epsilon))).CopyTo(weights[k..]);
            }
            for (; k < weights.Length; k++)
            {
                var gradient = gradients[k] + weights[k] * _decay;
                firsts[k] = firsts[k] * b1 + gradient * rest1;
                seconds[k] = seconds[k] * b2 + gradient * gradient * rest2;
                weights[k] -= firsts[k] * _rate / (T.Sqrt(seconds[k]) * _secondScale + epsilon);
            }
        }
    }
}
