using Llm4Msr.Platform;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace Llm4Msr.Language.Servers;

/// <summary>What may be over when the request is made again: no connection, a cut answer, 429, a server's own fault.</summary>
internal sealed class PassingFault(string message, TimeSpan? retryAfter = null, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>How long the server asked to be left alone.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;
}

/// <summary>
/// Tries a request again where that may help. A server that fails more often than not is left alone for a while, then asked
/// once; who waits for that does not use up tries.
/// </summary>
internal sealed class Persistence
{
    private readonly ResiliencePipeline _pipeline;
    private readonly Patience _patience;
    private readonly CircuitBreakerStateProvider _breaker = new();

    public Persistence(Patience patience)
    {
        _patience = patience;
        _pipeline = new ResiliencePipelineBuilder { TimeProvider = patience.Time }
            .AddTimeout(patience.GiveUpAfter)
            .AddRetry(new RetryStrategyOptions
            {
                Name = "wait until the server is tried again",
                ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome.Exception is BrokenCircuitException || (IsWorthAnother(arguments.Outcome) && IsBroken)),
                MaxRetryAttempts = int.MaxValue,
                DelayGenerator = arguments => ValueTask.FromResult<TimeSpan?>(((arguments.Outcome.Exception as BrokenCircuitException)?.RetryAfter ?? patience.Break) * (1 + 0.1 * patience.Chance())),
            })
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = arguments => ValueTask.FromResult(IsWorthAnother(arguments.Outcome) && !IsBroken),
                MaxRetryAttempts = Math.Max(1, patience.Tries - 1),
                BackoffType = DelayBackoffType.Exponential,
                Delay = patience.FirstWait,
                MaxDelay = patience.LongestWait,
                UseJitter = true,
                Randomizer = patience.Chance,
                DelayGenerator = arguments => ValueTask.FromResult((arguments.Outcome.Exception as PassingFault)?.RetryAfter),
            })
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<PassingFault>(),
                FailureRatio = 0.5,
                MinimumThroughput = patience.CallsBeforeBreak,
                SamplingDuration = TimeSpan.FromMinutes(1),
                BreakDuration = patience.Break,
                StateProvider = _breaker,
            })
            .Build();
    }

    private bool IsBroken => _breaker.CircuitState != CircuitState.Closed;

    /// <param name="url">For messages.</param>
    /// <param name="once">Makes the request once.</param>
    /// <exception cref="Llm4MsrException">It went on failing (<see cref="FaultKind.ResourceMissing"/>); or what <paramref name="once"/> says.</exception>
    public async Task<T> Run<T>(Uri url, Func<CancellationToken, Task<T>> once, CancellationToken cancellation)
    {
        string? last = null;
        try
        {
            return await _pipeline.ExecuteAsync(
                async token =>
                {
                    try
                    {
                        return await once(token).ConfigureAwait(false);
                    }
                    catch (PassingFault e)
                    {
                        last = e.Message;
                        throw;
                    }
                },
                cancellation).ConfigureAwait(false);
        }
        catch (PassingFault e)
        {
            throw Missing(e.RetryAfter > _patience.GiveUpAfter ? $"and wants to be left alone for {Seconds(e.RetryAfter.Value)}" : $"in each of {_patience.Tries} tries", e);
        }
        catch (TimeoutRejectedException e)
        {
            throw Missing($"for {Seconds(_patience.GiveUpAfter)}", e);
        }

        Llm4MsrException Missing(string howLong, Exception e) => new(FaultKind.ResourceMissing,
            $"{url} {last ?? "was not tried, because its server failed too often"}, {howLong}. Is the server up, and is the address right? Run the command again to go on.", e);
    }

    private bool IsWorthAnother(Outcome<object> outcome) => outcome.Exception is PassingFault fault && !(fault.RetryAfter > _patience.GiveUpAfter);

    private static string Seconds(TimeSpan time) => FormattableString.Invariant($"{time.TotalSeconds:0.#} s");
}
