using System.Diagnostics;
using Llm4Msr.Data;
using Llm4Msr.Evaluation;
using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.Training;

/// <summary>
/// Trains a model end to end (paper, algorithm 1, lines 11 to 17): binary cross-entropy, Adam, early stop on the mean
/// scenario AUC of the validation part. It has no way to see the test part.
/// </summary>
/// <param name="trainingRanks">The rows to train on.</param>
/// <param name="validationRanks">The rows that choose the epoch.</param>
public sealed class Trainer(
    ClickModel model, InteractionDataset data, int[] trainingRanks, int[] validationRanks, VisibleKnowledge? knowledge,
    TrainingOptions options, ulong seed)
{
    private readonly int _steps = (trainingRanks.Length + options.BatchSize - 1) / options.BatchSize;

    /// <summary>Steps per epoch.</summary>
    public int Steps => _steps;

    /// <summary>
    /// Trains epoch by epoch until the early stop or the last epoch, then puts the weights of the best epoch back; also
    /// when the caller stops asking.
    /// </summary>
    /// <param name="afterStep">Called with (epoch, step, loss) after each step; may throw to stop training.</param>
    public IEnumerable<EpochResult> Fit(Action<int, int, float>? afterStep = null)
    {
        var adam = new Adam(Groups());
        using var best = new BestWeights(model);
        try
        {
            var waited = 0;
            for (var epoch = 1; epoch <= options.Epochs && waited < options.Patience; epoch++)
            {
                var clock = Stopwatch.StartNew();
                var loss = TrainEpoch(adam, epoch, afterStep);
                var validation = Evaluator.Evaluate(model, data, validationRanks, knowledge);
                var auc = validation.MeanAuc ?? throw new Llm4MsrException(FaultKind.BadInput,
                    "No scenario's validation part holds both clicked and unclicked rows, so that no epoch can be chosen. Use more data or another split.");
                var isBest = best.Offer(auc);
                waited = isBest ? 0 : waited + 1;
                yield return new EpochResult(epoch, loss, validation, isBest, clock.Elapsed.TotalSeconds);
            }
        }
        finally
        {
            best.Restore();
        }
    }

    private double TrainEpoch(Adam adam, int epoch, Action<int, int, float>? afterStep)
    {
        model.train();
        var order = trainingRanks.ToArray();
        RandomStreams.For(seed, "order", epoch).Shuffle(order);
        double sum = 0;
        for (var step = 0; step < _steps; step++)
        {
            var ranks = order.AsSpan(step * options.BatchSize, Math.Min(options.BatchSize, order.Length - step * options.BatchSize));
            var loss = Step(adam, ranks, epoch, step);
            sum += (double)loss * ranks.Length;
            afterStep?.Invoke(epoch, step, loss);
        }
        return sum / order.Length;
    }

    private float Step(Adam adam, ReadOnlySpan<int> ranks, int epoch, int step)
    {
        using var scope = torch.NewDisposeScope(); // every tensor of the step is born and dies here
        var chance = RandomStreams.For(seed, "dropout", epoch, step);
        var batch = data.Encoder.Encode(data.Rows(ranks), Draw(chance, ranks.Length, options.IdDropout));
        var known = knowledge is null ? null : KnowledgeOf(ranks, chance);

        adam.ZeroGradients();
        var loss = torch.nn.functional.binary_cross_entropy_with_logits(model.call(batch, known), batch.Clicked);
        var value = loss.item<float>();
        if (!float.IsFinite(value))
        {
            throw new Llm4MsrException(FaultKind.Unexpected,
                $"The loss of epoch {epoch}, batch {step + 1} is {value}; the weights were left as they were before it. Try a lower learning rate.");
        }
        loss.backward();
        adam.Step();
        return value;
    }

    private BatchKnowledge KnowledgeOf(ReadOnlySpan<int> ranks, Random chance)
    {
        var rows = knowledge!.RowsAt(ranks);
        var hidden = Draw(chance, rows.Length, options.KnowledgeDropout);
        for (var row = 0; row < hidden.Length; row++)
        {
            if (hidden[row])
                rows[row] = -1;
        }
        return knowledge.Frozen.For(rows, Draw(chance, data.Description.Scenarios.Count, options.KnowledgeDropout));
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

    private ParameterGroup[] Groups()
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
