using System.Diagnostics;
using System.Text;
using Llm4Msr.Language;
using Llm4Msr.Platform;

namespace Llm4Msr.Reasoning;

/// <summary>What a few batches of a run took, and what all of them would.</summary>
/// <param name="Batches">That were asked, and whose answers nobody keeps.</param>
/// <param name="NewTokens">Per prompt, in the mean.</param>
/// <param name="TextBytes">Per answer, in the mean.</param>
/// <param name="BatchSeconds">Of every batch of the run, asked or not.</param>
/// <param name="Load">Processors that were busy per worker: below 1 where others had a share of them.</param>
/// <param name="Skipped">Prompts of batches whose answers could not be used; they count nowhere else.</param>
/// <param name="Problem">What was wrong with the first of those; null where there were none.</param>
public sealed record ProbeResult(
    int Batches, int Prompts, double Seconds, double NewTokens, double TextBytes, IReadOnlyList<double> BatchSeconds, double Load, int Skipped, string? Problem);

/// <summary>Asks some batches of a run, as the run would, to see how long it takes.</summary>
public static class TimedProbe
{
    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The batches, which are ordered by length, are cut into strata of equal work, and the middle one of each is asked, by as
    /// many workers as the run has. Of a model that is quick and costs nothing more are asked, so that what .NET does on the side
    /// in a program's first seconds weighs little. Another batch takes as long per unit of work as the asked one nearest to it.
    /// </summary>
    /// <param name="batches">All of the run; at least one.</param>
    /// <param name="strata">How many are asked, at most; of a quick model at first.</param>
    /// <param name="leastProcessorSeconds">Until so much is spent, more is asked.</param>
    /// <exception cref="Llm4MsrException">No answer at all could be used; or whatever the model has to say.</exception>
    public static ProbeResult Run(
        ILanguageModel model, IReadOnlyList<Question[]> batches, int strata, ReasoningOptions options, CancellationToken cancellation, double leastProcessorSeconds = 8)
    {
        List<int> chosen = [];
        var seconds = new double[batches.Count];
        long prompts = 0, newTokens = 0, textBytes = 0;
        WarmUp(model, batches, options, cancellation);
        List<int> answered = [];
        Llm4MsrException? unusable = null;
        var busy = 0.0;
        var gate = new Lock();
        var clock = Stopwatch.StartNew();
        var processorBefore = Environment.CpuUsage.TotalTime;
        do
        {
            var next = Middles(batches, strata, options).Except(chosen).ToList();
            chosen.AddRange(next);
            BatchWorkers.Run(next, options.Workers, () => true, Time, cancellation);
            strata *= 2;
        }
        while (model.Memory != ModelMemory.Elsewhere && Processor() < leastProcessorSeconds && chosen.Count < batches.Count);
        var took = clock.Elapsed.TotalSeconds;
        var load = Processor() / busy;
        if (answered.Count == 0)
            throw unusable!;

        answered.Sort(); // of two that are equally near the first counts, whoever was answered first
        foreach (var at in Enumerable.Range(0, batches.Count).Except(answered))
        {
            var nearest = answered.MinBy(other => Math.Abs(other - at));
            seconds[at] = seconds[nearest] * Work(batches[at], options) / Work(batches[nearest], options);
        }
        return new ProbeResult(
            answered.Count, (int)prompts, took, newTokens / (double)prompts, textBytes / (double)prompts, seconds, load,
            chosen.Except(answered).Sum(at => batches[at].Length), unusable?.Message);

        double Processor() => (Environment.CpuUsage.TotalTime - processorBefore).TotalSeconds;

        void Time(int at, CancellationToken stop)
        {
            var batchClock = Stopwatch.StartNew();
            IReadOnlyList<Answer> answers = [];
            Llm4MsrException? problem = null;
            try
            {
                answers = KnowledgeReasoner.Ask(model, batches[at], options, stop);
            }
            catch (Llm4MsrException e) when (e.IsOfOneInput)
            {
                problem = e;
            }
            seconds[at] = batchClock.Elapsed.TotalSeconds;
            lock (gate)
            {
                busy += seconds[at];
                unusable ??= problem;
                if (problem is not null)
                    return;
                answered.Add(at);
                prompts += answers.Count;
                newTokens += answers.Sum(a => (long)a.NewTokens);
                textBytes += answers.Sum(a => (long)Encoding.UTF8.GetByteCount(a.Text));
            }
        }
    }

    /// <summary>When the last of several workers is done that take batches in their order.</summary>
    /// <param name="until">Seconds after which no batch is begun.</param>
    /// <returns>The seconds, and how many batches are begun.</returns>
    public static (double Seconds, int Begun) Duration(IReadOnlyList<double> batchSeconds, int workers, double until = double.PositiveInfinity)
    {
        var free = new PriorityQueue<int, double>(Enumerable.Range(0, Math.Max(1, workers)).Select(worker => (worker, 0.0)));
        var (last, begun) = (0.0, 0);
        while (begun < batchSeconds.Count && free.TryDequeue(out var worker, out var from) && from < until)
        {
            var end = from + batchSeconds[begun++];
            last = Math.Max(last, end);
            free.Enqueue(worker, end);
        }
        return (last, begun);
    }

    /// <summary>
    /// What is done for the first time takes longer, here many times as long as it does again, and .NET makes code faster only once it
    /// has run for a while: each worker asks the shortest prompt before anything is timed, and a small model several times. A server is
    /// warm, and costs.
    /// </summary>
    private static void WarmUp(ILanguageModel model, IReadOnlyList<Question[]> batches, ReasoningOptions options, CancellationToken cancellation)
    {
        if (model.Memory == ModelMemory.Elsewhere)
            return;
        var shortest = batches.SelectMany(batch => batch).MinBy(question => question.Tokens)!;
        BatchWorkers.Run(Enumerable.Repeat(shortest, options.Workers), options.Workers, () => true, (question, stop) =>
        {
            var clock = Stopwatch.StartNew();
            do
                KnowledgeReasoner.Ask(model, [question], options, stop);
            while (clock.Elapsed < s_warmUp);
        }, cancellation);
    }

    private static List<int> Middles(IReadOnlyList<Question[]> batches, int strata, ReasoningOptions options)
    {
        var all = batches.Sum(batch => Work(batch, options));
        List<int> middles = [];
        double before = 0;
        var next = 0;
        for (var at = 0; at < batches.Count; at++)
        {
            before += Work(batches[at], options);
            if (before < (next + 0.5) / strata * all)
                continue;
            middles.Add(at);
            while (next < strata && before >= (next + 0.5) / strata * all)
                next++;
        }
        return middles;
    }

    /// <summary>In tokens that are read; one that is generated takes about as long as two of them.</summary>
    internal static double Work(int promptTokens, double newTokens) => promptTokens + 2 * newTokens;

    private static double Work(Question[] batch, ReasoningOptions options) => batch.Sum(q => Work(q.Tokens, options.MaxNewTokens));
}
