using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.TrainEmbedded;

/// <summary>
/// Adam with decoupled weight decay (Loshchilov and Hutter), whose rate changes with every step and whose moments can be saved.
/// The library's own trains click models: a fixed rate, and gradients of few rows.
/// </summary>
internal sealed class AdamW
{
    private const double Beta1 = 0.9, Beta2 = 0.98;

    private readonly List<(string Name, TorchSharp.Modules.Parameter Weight, Tensor First, Tensor Second)> _slots;
    private readonly Scalar _beta1 = Beta1, _beta2 = Beta2, _rest1 = 1 - Beta1, _rest2 = 1 - Beta2, _epsilon = 1e-8;
    private readonly double _weightDecay;

    public AdamW(double weightDecay, params IReadOnlyList<torch.nn.Module> networks)
    {
        _slots = [.. networks.SelectMany(network => network.named_parameters()).Select(p => (p.name, p.parameter, torch.zeros_like(p.parameter), torch.zeros_like(p.parameter)))];
        _weightDecay = weightDecay;
    }

    /// <summary>Weights and moments.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> State =>
        _slots.SelectMany(s => new[] { (s.Name, (Tensor)s.Weight), ($"first.{s.Name}", s.First), ($"second.{s.Name}", s.Second) });

    public void Load(SafetensorsFile file)
    {
        using var noGradient = torch.no_grad();
        foreach (var (name, tensor) in State.Where(s => file.Entries.ContainsKey(s.Name)))
        {
            using var stored = file.Read(name);
            tensor.copy_(stored);
        }
    }

    /// <param name="step">The number of this step, from 1.</param>
    public void Step(int step, double rate)
    {
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        Scalar kept = 1 - rate * _weightDecay, move = -rate / (1 - Math.Pow(Beta1, step)), secondScale = 1 / Math.Sqrt(1 - Math.Pow(Beta2, step));
        foreach (var (_, weight, first, second) in _slots)
        {
            if (weight.grad is not { } gradient)
                continue; // no hint in the batch
            first.mul_(_beta1).add_(gradient, _rest1);
            second.mul_(_beta2).addcmul_(gradient, gradient, _rest2);
            weight.mul_(kept).addcdiv_(first, second.sqrt().mul_(secondScale).add_(_epsilon, Held.One), move);
        }
        GC.KeepAlive((kept, move, secondScale));
    }
}
