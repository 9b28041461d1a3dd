using Llm4Msr.Models;
using TorchSharp;

namespace Llm4Msr.Training;

/// <summary>A copy of a model's weights at its best epoch so far; empty before the first.</summary>
internal sealed class BestWeights(ClickModel model) : IDisposable
{
    private readonly Dictionary<string, Tensor> _kept = [];

    /// <summary>Keeps the weights as they are now.</summary>
    public void Keep()
    {
        using var _ = torch.no_grad();
        foreach (var (name, tensor) in model.state_dict())
            Place(name, tensor).copy_(tensor);
    }

    /// <summary>Puts the kept weights into the model; without any, its weights stay.</summary>
    public void Restore()
    {
        using var _ = torch.no_grad();
        foreach (var (name, tensor) in model.state_dict())
        {
            if (_kept.TryGetValue(name, out var kept))
                tensor.copy_(kept);
        }
    }

    /// <summary>The kept weights, under names that begin with <paramref name="prefix"/>.</summary>
    /// <param name="stored">Whether a name is in the file that is read; null to write what there is.</param>
    public IEnumerable<(string Name, Tensor Tensor)> State(string prefix, Func<string, bool>? stored)
    {
        foreach (var (name, tensor) in model.state_dict())
        {
            if (stored?.Invoke(prefix + name) ?? _kept.ContainsKey(name))
                yield return (prefix + name, Place(name, tensor));
        }
    }

    public void Dispose()
    {
        foreach (var kept in _kept.Values)
            kept.Dispose();
        _kept.Clear();
    }

    private Tensor Place(string name, Tensor like)
    {
        if (!_kept.TryGetValue(name, out var place))
            _kept.Add(name, place = torch.empty(like.shape, like.dtype).DetachFromDisposeScope());
        return place;
    }
}
