using Llm4Msr.Models;
using TorchSharp;

namespace Llm4Msr.Training;

/// <summary>A copy of a model's weights at its best epoch so far.</summary>
internal sealed class BestWeights(ClickModel model) : IDisposable
{
    private readonly Dictionary<string, Tensor> _kept = [];
    private double _best = double.NegativeInfinity;

    /// <summary>Keeps the weights as they are now if <paramref name="value"/> is higher than all before.</summary>
    public bool Offer(double value)
    {
        if (value <= _best)
            return false;
        _best = value;
        using var _ = torch.no_grad();
        foreach (var (name, tensor) in model.state_dict())
        {
            if (_kept.TryGetValue(name, out var kept))
                kept.copy_(tensor);
            else
                _kept.Add(name, tensor.clone().DetachFromDisposeScope());
        }
        return true;
    }

    public void Restore()
    {
        using var _ = torch.no_grad();
        foreach (var (name, tensor) in model.state_dict())
        {
            if (_kept.TryGetValue(name, out var kept))
                tensor.copy_(kept);
        }
    }

    public void Dispose()
    {
        foreach (var kept in _kept.Values)
            kept.Dispose();
    }
}
