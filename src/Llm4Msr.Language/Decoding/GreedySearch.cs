using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.Language.Decoding;

/// <summary>The tokens that a model put after one prompt, and its states around them.</summary>
internal sealed record Continuation(int[] Ids, HiddenStates States);

/// <summary>Continues prompts with the likeliest token, again and again, until a row says it is done or has enough.</summary>
internal static class GreedySearch
{
    /// <exception cref="Llm4MsrException">A hidden state is not a finite number.</exception>
    public static Continuation[] Continue(
        CausalTransformer model, KvCache cache, IReadOnlyList<int[]> prompts, int newTokens, IReadOnlyList<int> endTokens, CancellationToken cancellation)
    {
        var all = prompts.Select((_, i) => new Row(i)).ToList();
        var rows = all; // those that the cache holds, in its order; a finished one stays until dropping it pays
        var states = model.Prefill(prompts, cache, cancellation);
        Record(rows, states);
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            states = NextStates(model, cache, rows, states, newTokens, endTokens);
            Record(rows, states);
            var running = Enumerable.Range(0, rows.Count).Where(i => !rows[i].Finished).ToList();
            if (running.Count == 0)
                return [.. all.Select(row => row.Continuation())];
            if (running.Count <= rows.Count / 2) // each copy of the cache halves it: all copies together are less than one
            {
                cache.Keep(running);
                states = states.index_select(0, torch.tensor([.. running.Select(i => (long)i)]));
                rows = [.. running.Select(i => rows[i])];
            }
        }
    }

    /// <summary>Chooses a token for each row that goes on, and feeds it.</summary>
    private static Tensor NextStates(
        CausalTransformer model, KvCache cache, List<Row> rows, Tensor states, int newTokens, IReadOnlyList<int> endTokens)
    {
        using var scope = torch.NewDisposeScope();
        var running = Enumerable.Range(0, rows.Count).Where(i => !rows[i].Finished).Select(i => (long)i).ToArray();
        var chosen = model.LikeliestTokens(running.Length == rows.Count ? states : states.index_select(0, torch.tensor(running)));
        var fed = new long[rows.Count]; // finished rows are fed anything; nobody looks at what becomes of them
        for (var i = 0; i < running.Length; i++)
        {
            fed[running[i]] = chosen[i];
            rows[(int)running[i]].Choose((int)chosen[i], newTokens, endTokens);
        }
        return model.Step(fed, cache).MoveToOuterDisposeScope();
    }

    private static void Record(List<Row> rows, Tensor states)
    {
        var numbers = states.data<float>().ToArray();
        var size = numbers.Length / rows.Count;
        for (var i = 0; i < rows.Count; i++)
            rows[i].Record(numbers.AsSpan(i * size, size));
    }

    /// <summary>One prompt's answer as it grows.</summary>
    private sealed class Row(int prompt)
    {
        private readonly List<int> _ids = [];
        private float[]? _lastPromptToken;
        private float[] _previous = [];
        private float[] _latest = [];
        private double[] _sum = [];
        private bool _complete; // the last token is chosen; its own state is still to come

        public bool Finished { get; private set; }

        public void Choose(int id, int newTokens, IReadOnlyList<int> endTokens)
        {
            _ids.Add(id);
            _complete = _ids.Count == newTokens || endTokens.Contains(id);
        }

        public void Record(ReadOnlySpan<float> state)
        {
            if (Finished)
                return;
            foreach (var number in state)
            {
                if (!float.IsFinite(number))
                {
                    throw new Llm4MsrException(FaultKind.Damaged, $"The hidden state of prompt {prompt} after {_ids.Count} new tokens is not finite ({number}). "
                        + "The model's weights are damaged or not those of this architecture: compare the file's SHA-256.");
                }
            }
            _previous = _latest;
            _latest = state.ToArray();
            if (_lastPromptToken is null)
            {
                _lastPromptToken = _latest;
                _sum = new double[state.Length];
                return;
            }
            for (var i = 0; i < state.Length; i++)
                _sum[i] += state[i];
            Finished = _complete;
        }

        public Continuation Continuation() => new(
            [.. _ids],
            new HiddenStates(
                StateThatProducedLast: _previous,
                AfterLastToken: _latest,
                LastPromptToken: _lastPromptToken!,
                MeanOfGenerated: Array.ConvertAll(_sum, sum => (float)(sum / _ids.Count))));
    }
}
