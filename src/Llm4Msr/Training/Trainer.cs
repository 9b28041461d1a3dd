using System.Diagnostics;
using Llm4Msr.Data;
using Llm4Msr.Evaluation;
using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Platform;

namespace Llm4Msr.Training;

/// <summary>
/// Trains a model end to end (paper, algorithm 1, lines 11 to 17): binary cross-entropy, Adam, early stop on the validation
/// part. It has no way to see the test part.
/// </summary>
/// <param name="trainingRanks">The rows to train on.</param>
/// <param name="validationRanks">The rows that choose the epoch.</param>
public sealed class Trainer(
    ClickModel model, InteractionDataset data, int[] trainingRanks, int[] validationRanks, VisibleKnowledge? knowledge,
    TrainingOptions options, ulong seed) : IDisposable
{
    private readonly int _steps = trainingRanks.Length == 0 ? 0 : (trainingRanks.Length - 1) / options.BatchSize + 1; // any batch size: no sum that can overflow
    private readonly TrainingStep _training = new(model, data, knowledge, options, seed);
    private readonly BestWeights _best = new(model);

    /// <summary>Steps per epoch.</summary>
    public int Steps => _steps;

    /// <summary>How far training is.</summary>
    public TrainingPosition Position { get; internal set; } = new([], 0, 0, 0);

    /// <summary>
    /// Trains epoch by epoch until the early stop or the last epoch, then puts the weights of the best epoch back; also
    /// when the caller stops asking.
    /// </summary>
    /// <param name="afterStep">Called with (epoch, step, loss) after each step; may throw to stop training.</param>
    public IEnumerable<EpochResult> Fit(Action<int, int, float>? afterStep = null)
    {
        try
        {
            while (Position.Epochs.Count < options.Epochs && Position.EpochsWithoutBetter < options.Patience)
                yield return TrainEpoch(afterStep);
        }
        finally
        {
            _best.Restore();
        }
    }

    /// <summary>
    /// With <see cref="Position"/> everything that the rest of training depends on: weights and statistics, the best
    /// weights, what Adam remembers. Chance has no state, see <see cref="RandomStreams"/>.
    /// </summary>
    /// <param name="stored">Whether a name is in the file that is read; null to write what there is.</param>
    internal IEnumerable<(string Name, Tensor Tensor)> State(Func<string, bool>? stored) =>
    [
        .. model.state_dict().Select(p => ($"weights/{p.Key}", p.Value)),
        .. _best.State("best/", stored),
        .. _training.State("adam/", stored),
    ];

    public void Dispose()
    {
        _best.Dispose();
        _training.Dispose();
    }

    private EpochResult TrainEpoch(Action<int, int, float>? afterStep)
    {
        var clock = Stopwatch.StartNew();
        var (epoch, secondsBefore) = (Position.Epochs.Count + 1, Position.Seconds);
        model.train();
        var order = trainingRanks.ToArray();
        RandomStreams.For(seed, "order", epoch).Shuffle(order);
        for (var step = Position.Step; step < _steps; step++)
        {
            var ranks = order.AsSpan(step * options.BatchSize, Math.Min(options.BatchSize, order.Length - step * options.BatchSize));
            var loss = _training.Run(ranks, epoch, step);
            Position = Position with { Step = step + 1, LossSum = Position.LossSum + (double)loss * ranks.Length, Seconds = secondsBefore + clock.Elapsed.TotalSeconds };
            afterStep?.Invoke(epoch, step, loss);
        }

        var validation = Evaluator.Evaluate(model, data, validationRanks, knowledge);
        var worth = Worth(validation);
        var isBest = Position.Best is not { } best || worth > Worth(best.Validation);
        if (isBest)
            _best.Keep();
        var result = new EpochResult(
            epoch, Position.LossSum / order.Length, validation, isBest, secondsBefore + clock.Elapsed.TotalSeconds, ModelFolder.WeightsHash(model), Shares());
        Position = new TrainingPosition([.. Position.Epochs, result], 0, 0, 0);
        return result;
    }

    /// <summary>Alpha as it is now, by scenario.</summary>
    private FusionShares[]? Shares()
    {
        FusionShares?[] shares = [.. Enumerable.Range(0, data.Description.Scenarios.Count).Select(model.SharesIn)];
        return shares.Contains(null) ? null : [.. shares.OfType<FusionShares>()];
    }

    private double Worth(Metrics validation) => options.Monitor.Value(validation) ?? throw new Llm4MsrException(FaultKind.BadInput,
        "No scenario's validation part holds both clicked and unclicked rows, so that no epoch can be chosen by AUC. Use more data or another split, or choose by log loss.");
}

/// <summary>How far training is, and what it has seen on the way.</summary>
/// <param name="Epochs">The finished ones.</param>
/// <param name="Step">Finished steps of the epoch after them.</param>
/// <param name="LossSum">Over the rows of these steps.</param>
/// <param name="Seconds">That these steps took.</param>
public sealed record TrainingPosition(IReadOnlyList<EpochResult> Epochs, int Step, double LossSum, double Seconds)
{
    internal EpochResult? Best => Epochs.LastOrDefault(e => e.IsBest);

    internal int EpochsWithoutBetter => Epochs.Count - (Best?.Epoch ?? 0);
}
