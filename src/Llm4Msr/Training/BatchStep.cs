using Llm4Msr.Data;
using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Platform;
using TorchSharp;
using TorchSharp.Modules;

namespace Llm4Msr.Training;

/// <summary>A batch to a loss, the loss to gradients, the gradients to new weights.</summary>
public sealed class BatchStep(ClickModel model, TrainingOptions options) : IDisposable
{
    private readonly Adam _adam = new(Groups(model, options));
    private readonly torch.Tensor[] _averages = [.. model.named_buffers().Where(b => b.name.Contains("running_", StringComparison.Ordinal)).Select(b => b.buffer)];

    /// <summary>Changes the weights by one step of Adam. Its tensors belong to the current dispose scope.</summary>
    /// <param name="name">Of the batch, for messages.</param>
    /// <returns>The mean loss of the batch before the step, in nats.</returns>
    /// <exception cref="Llm4MsrException">The loss or a gradient is not finite; weights and moving averages are as before.</exception>
    public float Run(CtrBatch batch, BatchKnowledge? known, string name)
    {
        _adam.ZeroGradients();
        var before = _averages.Select(a => a.clone()).ToArray(); // the forward pass moves them
        var loss = torch.nn.functional.binary_cross_entropy_with_logits(model.call(batch, known), batch.Clicked);
        var value = loss.item<float>();
        if (!float.IsFinite(value))
            throw NotFinite($"The loss of {name} is {value}", before);
        loss.backward();
        if (_adam.FirstNotFinite() is { } parameter)
            throw NotFinite($"The gradient of '{NameOf(parameter)}' in {name} is not finite", before);
        _adam.Step();
        return value;
    }

    /// <summary>What Adam remembers, under names that begin with <paramref name="prefix"/>.</summary>
    /// <param name="stored">Whether a name is in the file that is read; null to write what there is.</param>
    internal IEnumerable<(string Name, Tensor Tensor)> State(string prefix, Func<string, bool>? stored) =>
        _adam.Slots.SelectMany(slot => slot.State(prefix + NameOf(slot.Parameter), stored));

    public void Dispose() => _adam.Dispose();

    private string NameOf(Parameter parameter) => model.named_parameters().First(p => p.parameter.Handle == parameter.Handle).name;

    private Llm4MsrException NotFinite(string what, torch.Tensor[] before)
    {
        using var frozen = torch.no_grad();
        foreach (var (average, value) in _averages.Zip(before))
            average.copy_(value);
        return new(FaultKind.Unexpected, $"{what}; the weights were left as they were before it. Try a lower learning rate.");
    }

    private static ParameterGroup[] Groups(ClickModel model, TrainingOptions options)
    {
        var generators = model.KnowledgeGenerators.Select(p => p.Handle).ToHashSet();
        var all = model.parameters().ToLookup(p => generators.Contains(p.Handle));
        return
        [
            new ParameterGroup([.. all[false]], options.LearningRate, options.WeightDecay),
            new ParameterGroup([.. all[true]], options.GeneratorLearningRate, options.WeightDecay),
        ];
    }
}
