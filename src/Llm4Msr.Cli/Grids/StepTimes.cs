using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Training;
using TorchSharp;

namespace Llm4Msr.Cli.Grids;

/// <summary>
/// How long a training step and an inference batch take. All models take turns, batch by batch, in one process on one torch
/// thread, so that whatever else the machine does meets all of them alike.
/// </summary>
internal static class StepTimes
{
    public const int WarmUp = 10, Rounds = 60;

    /// <param name="models">The first is what the others are measured against.</param>
    /// <returns>For each model its training step and its inference batch.</returns>
    public static IReadOnlyList<(MeasuredTime Training, MeasuredTime Inference)> Of(
        InteractionDataset data, KnowledgeTable table, IReadOnlyList<RunOptions> models, CancellationToken cancellation)
    {
        torch.set_num_threads(1);
        using var scope = torch.NewDisposeScope();
        Timed[] timed = [.. models.Select(options => new Timed(data, table, options))];
        try
        {
            var (training, inference) = (new double[timed.Length][], new double[timed.Length][]);
            for (var m = 0; m < timed.Length; m++)
                (training[m], inference[m]) = (new double[Rounds], new double[Rounds]);
            var ranks = data.RanksOf(Part.Training);
            new Random(1).Shuffle(ranks);
            var rows = Math.Min(models[0].Training.BatchSize, ranks.Length);
            for (var round = -WarmUp; round < Rounds; round++)
            {
                cancellation.ThrowIfCancellationRequested();
                var batch = ranks.AsSpan((round + WarmUp) % (ranks.Length / rows) * rows, rows).ToArray();
                for (var m = 0; m < timed.Length; m++)
                {
                    var (step, score) = (timed[m].Step(batch, round + WarmUp), timed[m].Score(batch));
                    if (round >= 0)
                        (training[m][round], inference[m][round]) = (step, score);
                }
            }
            return [.. Enumerable.Range(0, timed.Length).Select(m => (Summary(training[m], training[0]), Summary(inference[m], inference[0])))];
        }
        finally
        {
            foreach (var model in timed)
                model.Dispose();
        }
    }

    private static MeasuredTime Summary(double[] times, double[] first)
    {
        double[] ratios = [.. times.Zip(first, (own, baseline) => own / baseline).Order()], sorted = [.. times.Order()];
        return new MeasuredTime(Median(sorted), Median(ratios), ratios[ratios.Length / 4], ratios[ratios.Length * 3 / 4]);
    }

    private static double Median(double[] sorted) => (sorted[sorted.Length / 2] + sorted[(sorted.Length - 1) / 2]) / 2;

    /// <summary>A model with what it reads, and a clock.</summary>
    private sealed class Timed : IDisposable
    {
        private readonly InteractionDataset _data;
        private readonly ClickModel _model;
        private readonly VisibleKnowledge? _visible;
        private readonly TrainingStep _step;

        public Timed(InteractionDataset data, KnowledgeTable table, RunOptions options)
        {
            _data = data;
            var reader = options.Model.Fusion is not { } fusion ? null : new KnowledgeReader(
                torch.tensor(table.UserVectors).view(table.Count, table.UserWidth), torch.tensor(table.ScenarioVectors).view(-1, table.ScenarioWidth), fusion);
            _model = new ClickModel(data.Encoder.Schema, data.Description.Scenarios.Count, options.Model, reader, seed: 1);
            _visible = reader is null ? null : TrainingRun.Visible(data, table, _model);
            _step = new TrainingStep(_model, data, _visible, options.Training, seed: 1);
        }

        /// <returns>Milliseconds.</returns>
        public double Step(int[] ranks, int number)
        {
            _model.train();
            return Measured(() => _step.Run(ranks, epoch: 1, number));
        }

        /// <inheritdoc cref="Step"/>
        public double Score(int[] ranks)
        {
            _model.eval();
            return Measured(() => Scorer.Score(_model, _data.Encoder, _data.Rows(ranks), _visible?.Frozen, _visible?.RowsAt(ranks)));
        }

        public void Dispose()
        {
            _step.Dispose();
            _visible?.Dispose();
            _model.Dispose();
        }

        private static double Measured(Action work)
        {
            var before = Environment.CpuUsage.TotalTime;
            work();
            return (Environment.CpuUsage.TotalTime - before).TotalMilliseconds;
        }
    }
}
