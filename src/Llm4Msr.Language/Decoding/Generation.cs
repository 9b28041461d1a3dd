using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.Language.Decoding;

/// <summary>The tokens that a model put after one prompt, and its states around them.</summary>
/// <param name="AfterLayers">By layer, for the layers that were asked for.</param>
internal sealed record Continuation(int[] Ids, HiddenStates States, IReadOnlyDictionary<int, HiddenStates> AfterLayers);

/// <summary>Continues prompts token by token until a row says it is done or has enough.</summary>
internal static class Generation
{
    /// <param name="ended">Called with the rows that end at the same token, as soon as they do.</param>
    /// <param name="cancellation">Where somebody takes answers as they come, rows that are read go on to their end.</param>
    /// <exception cref="Llm4MsrException">A hidden state is not a finite number, or all its numbers are the same.</exception>
    public static void Continue(
        CausalTransformer model, KvCache cache, IReadOnlyList<int[]> prompts, GenerationOptions options, IReadOnlyList<int> endTokens,
        Action<IReadOnlyList<(int Row, Continuation Continuation)>> ended, CancellationToken cancellation)
    {
        var layers = options.Layers.Distinct().Order().ToList();
        var endsWhatIsRead = options.Answered is not null;
        var states = model.Prefill(prompts, cache, layers, endsWhatIsRead, cancellation);
        var read = (int)states.Final.shape[0];
        if (read == 0)
            throw new OperationCanceledException(cancellation);
        if (read < prompts.Count)
            cache.Keep([.. Enumerable.Range(0, read)]);
        // Those that the cache holds, in its order; a finished one stays until dropping it pays.
        var rows = Enumerable.Range(0, read).Select(i => new Row(i, layers, options.Sampling?.For(i))).ToList();
        Record(rows, states);
        while (true)
        {
            if (!endsWhatIsRead)
                cancellation.ThrowIfCancellationRequested();
            var before = rows.Where(row => !row.Finished).ToList();
            states = NextStates(model, cache, rows, states.Final, layers, options.MaxNewTokens, endTokens);
            Record(rows, states);
            if (before.Where(row => row.Finished).Select(row => (row.Prompt, row.Continuation(layers))).ToList() is { Count: > 0 } now)
                ended(now);
            var running = Enumerable.Range(0, rows.Count).Where(i => !rows[i].Finished).ToList();
            if (running.Count == 0)
                break;
            if (running.Count <= rows.Count / 2) // each copy of the cache halves it: all copies together are less than one
            {
                cache.Keep(running);
                states = states with { Final = RowsOf(states.Final, running) };
                rows = [.. running.Select(i => rows[i])];
            }
        }
        if (read < prompts.Count)
            throw new OperationCanceledException(cancellation);
    }

    /// <summary>Chooses a token for each row that goes on, and feeds it.</summary>
    private static TokenStates NextStates(
        CausalTransformer model, KvCache cache, List<Row> rows, Tensor states, List<int> layers, int newTokens, IReadOnlyList<int> endTokens)
    {
        using var scope = torch.NewDisposeScope();
        var running = Enumerable.Range(0, rows.Count).Where(i => !rows[i].Finished).ToList();
        var ofRunning = running.Count == rows.Count ? states : RowsOf(states, running);
        var chosen = rows[0].Sampler is null ? model.LikeliestTokens(ofRunning) : Draw(model.Logits(ofRunning), [.. running.Select(i => rows[i].Sampler!)]);
        var fed = new long[rows.Count]; // finished rows are fed anything; nobody looks at what becomes of them
        for (var i = 0; i < running.Count; i++)
        {
            fed[running[i]] = chosen[i];
            rows[running[i]].Choose((int)chosen[i], newTokens, endTokens);
        }
        return model.Step(fed, cache, layers).MoveToOuterDisposeScope();
    }

    private static long[] Draw(float[] logits, TokenSampler[] samplers)
    {
        var size = logits.Length / samplers.Length;
        return [.. samplers.Select((sampler, i) => (long)sampler.Draw(logits.AsSpan(i * size, size)))];
    }

    private static Tensor RowsOf(Tensor states, List<int> rows) =>
        states.index_select(0, torch.tensor([.. rows.Select(i => (long)i)], device: states.device));

    private static void Record(List<Row> rows, TokenStates states)
    {
        Record(states.Final, which: 0);
        for (var i = 0; i < states.AfterLayers.Length; i++)
            Record(states.AfterLayers[i], which: i + 1);
        rows.ForEach(row => row.EndStep());

        void Record(Tensor tensor, int which)
        {
            var numbers = tensor.cpu().data<float>().ToArray();
            var size = numbers.Length / rows.Count;
            for (var i = 0; i < rows.Count; i++)
                rows[i].Record(which, numbers.AsSpan(i * size, size));
        }
    }

    /// <summary>One prompt's answer as it grows.</summary>
    private sealed class Row(int prompt, List<int> layers, TokenSampler? sampler)
    {
        private readonly List<int> _ids = [];
        private readonly StateHistory[] _states = [.. layers.Prepend(-1).Select(_ => new StateHistory())]; // the final state's first
        private bool _complete; // the last token is chosen; its own state is still to come

        public int Prompt => prompt;

        public bool Finished { get; private set; }

        public TokenSampler? Sampler { get; } = sampler;

        public void Choose(int id, int newTokens, IReadOnlyList<int> endTokens)
        {
            _ids.Add(id);
            _complete = _ids.Count == newTokens || endTokens.Contains(id);
        }

        public void Record(int which, ReadOnlySpan<float> state)
        {
            if (Finished)
                return;
            if (StateHistory.Fault(state) is { } fault)
            {
                throw new Llm4MsrException(FaultKind.Damaged, $"The hidden state of prompt {prompt} after {_ids.Count} new tokens "
                    + $"{(which == 0 ? "" : $"behind layer {layers[which - 1]} ")}{fault}. "
                    + "The model's weights are damaged or not those of this architecture: compare the file's SHA-256.");
            }
            _states[which].Add(state);
        }

        /// <summary>After all states of a token are recorded.</summary>
        public void EndStep() => Finished |= _complete;

        public Continuation Continuation(List<int> layers) => new(
            [.. _ids], _states[0].States(), layers.Select((layer, i) => (layer, i)).ToDictionary(l => l.layer, l => _states[l.i + 1].States()));
    }
}
