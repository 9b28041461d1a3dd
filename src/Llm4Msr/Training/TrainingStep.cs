using Llm4Msr.Data;
using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.Training;

/// <summary>One step of training, again and again: rows to a loss, the loss to new weights. The model is in training mode.</summary>
public sealed class TrainingStep(ClickModel model, InteractionDataset data, VisibleKnowledge? knowledge, TrainingOptions options, ulong seed)
{
    private readonly Adam _adam = new(Groups(model, options));

    /// <summary>Changes the weights by one step of Adam.</summary>
    /// <param name="ranks">The rows of the batch.</param>
    /// <param name="epoch">With <paramref name="step"/> and the seed decides what is dropped.</param>
    /// <returns>The mean loss of the batch before the step, in nats.</returns>
    /// <exception cref="Llm4MsrException">The loss is not finite; the weights are as before.</exception>
    public float Run(ReadOnlySpan<int> ranks, int epoch, int step)
    {
        using var scope = torch.NewDisposeScope(); // every tensor of the step is born and dies here
        var chance = RandomStreams.For(seed, "dropout", epoch, step);
        var batch = data.Encoder.Encode(data.Rows(ranks), Draw(chance, ranks.Length, options.IdDropout));
        var known = knowledge is null ? null : KnowledgeOf(knowledge, ranks, chance);

        _adam.ZeroGradients();
        var loss = torch.nn.functional.binary_cross_entropy_with_logits(model.call(batch, known), batch.Clicked);
        var value = loss.item<float>();
        if (!float.IsFinite(value))
        {
            throw new Llm4MsrException(FaultKind.Unexpected,
                $"The loss of epoch {epoch}, batch {step + 1} is {value}; the weights were left as they were before it. Try a lower learning rate.");
        }
        loss.backward();
        _adam.Step();
        return value;
    }

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
