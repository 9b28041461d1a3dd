using Llm4Msr.Data;
using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.Training;

/// <summary>One step of training, again and again: rows to a loss, the loss to new weights. The model is in training mode.</summary>
public sealed class TrainingStep(ClickModel model, InteractionDataset data, VisibleKnowledge? knowledge, TrainingOptions options, ulong seed) : IDisposable
{
    /// <summary>Where an error about a batch keeps its rows, in <see cref="Exception.Data"/>.</summary>
    public const string RowsOfBatch = "rows of the batch";

    private readonly BatchStep _step = new(model, options);

    /// <summary>Changes the weights by one step of Adam.</summary>
    /// <param name="ranks">The rows of the batch.</param>
    /// <param name="epoch">With <paramref name="step"/> and the seed decides what is dropped.</param>
    /// <returns>The mean loss of the batch before the step, in nats.</returns>
    /// <exception cref="Llm4MsrException">The loss or a gradient is not finite; the weights are as before.</exception>
    public float Run(ReadOnlySpan<int> ranks, int epoch, int step)
    {
        using var scope = torch.NewDisposeScope(); // every tensor of the step is born and dies here
        var chance = RandomStreams.For(seed, "dropout", epoch, step);
        var batch = data.Encoder.Encode(data.Rows(ranks), Draw(chance, ranks.Length, options.IdDropout));
        var known = knowledge is null ? null : KnowledgeOf(knowledge, ranks, chance);
        try
        {
            return _step.Run(batch, known, $"epoch {epoch}, batch {step + 1}");
        }
        catch (Llm4MsrException e)
        {
            e.Data[RowsOfBatch] = ranks.ToArray();
            throw;
        }
    }

    /// <inheritdoc cref="BatchStep.State"/>
    internal IEnumerable<(string Name, Tensor Tensor)> State(string prefix, Func<string, bool>? stored) => _step.State(prefix, stored);

    public void Dispose() => _step.Dispose();

    private BatchKnowledge KnowledgeOf(VisibleKnowledge visible, ReadOnlySpan<int> ranks, Random chance)
    {
        var rows = visible.RowsAt(ranks);
        var hidden = Draw(chance, rows.Length, options.KnowledgeDropout);
        for (var row = 0; row < hidden.Length; row++)
        {
            if (hidden[row])
                rows[row] = -1;
        }
        return visible.Frozen.For(rows, Draw(chance, data.Description.Scenarios.Count, options.KnowledgeDropout));
    }

    private static bool[] Draw(Random chance, int count, double share)
    {
        if (share == 0)
            return [];
        var drawn = new bool[count];
        for (var k = 0; k < count; k++)
            drawn[k] = chance.NextDouble() < share;
        return drawn;
    }
}
