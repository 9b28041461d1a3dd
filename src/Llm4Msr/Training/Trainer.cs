using System.Diagnostics;
using Llm4Msr.Data;
using Llm4Msr.Evaluation;
using Llm4Msr.Models;
using Llm4Msr.Platform;

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
        var step = new TrainingStep(model, data, knowledge, options, seed);
        using var best = new BestWeights(model);
        try
        {
            var waited = 0;
            for (var epoch = 1; epoch <= options.Epochs && waited < options.Patience; epoch++)
            {
                var clock = Stopwatch.StartNew();
                var loss = TrainEpoch(step, epoch, afterStep);
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

    private double TrainEpoch(TrainingStep training, int epoch, Action<int, int, float>? afterStep)
    {
        model.train();
        var order = trainingRanks.ToArray();
        RandomStreams.For(seed, "order", epoch).Shuffle(order);
        double sum = 0;
        for (var step = 0; step < _steps; step++)
        {
            var ranks = order.AsSpan(step * options.BatchSize, Math.Min(options.BatchSize, order.Length - step * options.BatchSize));
            var loss = training.Run(ranks, epoch, step);
            sum += (double)loss * ranks.Length;
            afterStep?.Invoke(epoch, step, loss);
        }
        return sum / order.Length;
    }
}
