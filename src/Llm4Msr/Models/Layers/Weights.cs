using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Llm4Msr.Models.Layers;

/// <summary>
/// First values of weights, drawn from a generator that the caller seeds: torch's own initial values come from one
/// generator for the whole process, and two models built side by side would disturb each other.
/// </summary>
public static class Weights
{
    /// <summary>A linear layer with weight [outputs, inputs], uniform in ±1/√inputs as PyTorch does.</summary>
    public static Linear Linear(int inputs, int outputs, Generator random, bool bias = true)
    {
        var layer = nn.Linear(inputs, outputs, bias);
        using var _ = no_grad();
        var bound = 1 / Math.Sqrt(inputs);
        layer.weight.uniform_(-bound, bound, random);
        layer.bias?.uniform_(-bound, bound, random);
        return layer;
    }

    public static Parameter Uniform(double bound, Generator random, params long[] shape)
    {
        using var _ = no_grad();
        return new Parameter(zeros(shape).uniform_(-bound, bound, random));
    }

    public static Parameter Normal(double deviation, Generator random, params long[] shape)
    {
        using var _ = no_grad();
        return new Parameter(zeros(shape).normal_(0, deviation, random));
    }

    public static Parameter Constant(double value, params long[] shape) =>
        new(tensor(Enumerable.Repeat((float)value, (int)shape.Aggregate(1L, (product, d) => product * d)).ToArray()).view(shape));

    /// <summary>
    /// Lets a module that was built in a scope outlive it. Whoever builds one opens a scope: what no scope and no name holds,
    /// TorchSharp may free while an operation reads it.
    /// </summary>
    public static void HandOn(this DisposeScope scope, nn.Module built)
    {
        foreach (var tensor in built.parameters().Concat(built.buffers()))
            scope.MoveToOuter(tensor);
    }
}
