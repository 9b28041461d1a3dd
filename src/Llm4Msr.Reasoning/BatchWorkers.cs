using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Llm4Msr.Reasoning;

/// <summary>Threads that take batches from one queue, in its order.</summary>
internal static class BatchWorkers
{
    /// <summary>
    /// Does the work for every batch, several at once. The first exception stops all and is thrown; cancelling stops all where
    /// the work looks at the token.
    /// </summary>
    /// <param name="goesOn">Asked before each batch; the rest is left where it says no.</param>
    public static void Run<T>(IEnumerable<T> batches, int workers, Func<bool> goesOn, Action<T, CancellationToken> work, CancellationToken cancellation)
    {
        var queue = new ConcurrentQueue<T>(batches);
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        ExceptionDispatchInfo? failure = null;
        var threads = Enumerable.Range(0, Math.Max(1, workers)).Select(_ => new Thread(Take) { IsBackground = true }).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        failure?.Throw();
        cancellation.ThrowIfCancellationRequested();

        void Take()
        {
            try
            {
                while (!failed.IsCancellationRequested && goesOn() && queue.TryDequeue(out var batch))
                    work(batch, failed.Token);
            }
            catch (Exception e)
            {
                if (e is not OperationCanceledException)
                    Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(e), null);
                failed.Cancel();
            }
        }
    }
}
