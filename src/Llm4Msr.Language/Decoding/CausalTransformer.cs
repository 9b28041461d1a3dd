using Llm4Msr.Language.Files;
using TorchSharp;

namespace Llm4Msr.Language.Decoding;

/// <summary>
/// A decoder of the Llama family: RMSNorm, rotary embedding, grouped-query attention, SwiGLU. Weights are read-only and
/// nothing is kept between calls, so several threads may call at once, each with its own cache.
/// </summary>
/// <remarks>Letters: R rows, N tokens of several rows one after the other, H hidden size, D head size.</remarks>
internal sealed class CausalTransformer : IDisposable
{
    /// <summary>
    /// Tokens of prompts that are computed together: enough for matrix products to run at full speed, few enough for what
    /// lies between them to stay in the processor's caches.
    /// </summary>
    private const int TokensTogether = 768;

    private readonly ModelConfig _config;
    private readonly DecoderWeights _weights;
    private readonly RmsNorm _norm;
    private readonly GroupedQueryAttention _attention;
    private readonly Tensor _frequencies;
    private readonly Scalar _queryScale;

    public CausalTransformer(ModelConfig config, DecoderWeights weights)
    {
        _config = config;
        _weights = weights;
        _norm = new RmsNorm(config.NormEpsilon);
        _attention = new GroupedQueryAttention(config);
        _frequencies = torch.tensor(config.RotaryFrequencies).DetachFromDisposeScope();
        _queryScale = 1 / MathF.Sqrt(config.HeadSize);
    }

    /// <summary>Reads the prompts into the cache, without padding: tokens of all rows are one after the other.</summary>
    /// <returns>The state of each prompt's last token after the final norm, [R, H].</returns>
    public Tensor Prefill(IReadOnlyList<int[]> prompts, KvCache cache, CancellationToken cancellation)
    {
        var states = torch.empty([prompts.Count, _config.HiddenSize], torch.ScalarType.Float32);
        var shared = PromptSegment.SharedStart(prompts);
        foreach (var piece in PromptSegment.Pieces(prompts, shared, TokensTogether))
        {
            using var scope = torch.NewDisposeScope();
            var ended = piece.Where(segment => segment.EndsPrompt).Select(segment => segment.Row).ToList();
            var x = PrefillTogether(prompts, shared, piece, cache, cancellation);
            if (ended.Count > 0)
                states.narrow(0, ended[0], ended.Count).copy_(_norm.Apply(x, _weights.OutputNorm));
        }
        return states;
    }

    /// <summary>Feeds one more token to each row of the cache.</summary>
    /// <returns>Its state after the final norm, [R, H].</returns>
    public Tensor Step(long[] tokens, KvCache cache)
    {
        using var scope = torch.NewDisposeScope();
        var x = _weights.Embedding.index_select(0, torch.tensor(tokens));
        var rotary = RotaryEmbedding.At(cache.NextPositions(), _frequencies);
        for (var l = 0; l < _weights.Layers.Count; l++)
        {
            using var layerScope = torch.NewDisposeScope();
            var layer = _weights.Layers[l];
            var (queries, newKeys, newValues) = QueriesKeysValues(layer, x, rotary);
            var (keys, values) = cache.Append(l, newKeys, newValues);
            var attended = _attention.OfNewestTokens(queries, keys, values, cache.StartMask, cache.Rows);
            AttentionOutputAndFeedForward(layer, x, attended);
        }
        cache.Advance();
        return _norm.Apply(x, _weights.OutputNorm).MoveToOuterDisposeScope();
    }

    /// <summary>The likeliest next token of each state.</summary>
    /// <param name="states">[R, H], after the final norm.</param>
    public long[] LikeliestTokens(Tensor states)
    {
        using var scope = torch.NewDisposeScope();
        return torch.nn.functional.linear(states, _weights.OutputHead).argmax(1).data<long>().ToArray();
    }

    public void Dispose()
    {
        _weights.Dispose();
        _attention.Dispose();
        _frequencies.Dispose();
    }

    /// <returns>The states of the prompts' last tokens, as far as these lie in the piece; before the final norm.</returns>
    private Tensor PrefillTogether(
        IReadOnlyList<int[]> prompts, int shared, List<PromptSegment> piece, KvCache cache, CancellationToken cancellation)
    {
        var x = _weights.Embedding.index_select(0, torch.tensor(piece.SelectMany(s => s.Of(prompts)).ToArray()));
        var rotary = RotaryEmbedding.At([.. piece.SelectMany(s => s.Positions())], _frequencies);
        for (var l = 0; l < _weights.Layers.Count; l++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = torch.NewDisposeScope();
            var layer = _weights.Layers[l];
            var (queries, keys, values) = QueriesKeysValues(layer, x, rotary);

            // Of the last layer only the prompts' last tokens are wanted; of the others it stores keys and values.
            var last = l == _weights.Layers.Count - 1;
            if (last)
                x = x.index_select(0, torch.tensor(LastTokens(piece))).MoveToOuterDisposeScope();
            var attended = torch.empty([x.shape[0], _config.Heads * _config.HeadSize], torch.ScalarType.Float32);
            int start = 0, done = 0;
            foreach (var segment in piece)
            {
                if (segment.Row > 0 && segment.First == shared && shared > 0)
                    cache.CopyStart(l, fromRow: 0, segment.Row, shared);
                var (rowKeys, rowValues) = cache.Store(
                    l, segment.Row, segment.First, keys.narrow(0, start, segment.Count), values.narrow(0, start, segment.Count));
                start += segment.Count;
                var wanted = !last ? segment.Count : segment.EndsPrompt ? 1 : 0;
                _attention.OfPrompt(
                    queries.narrow(0, start - wanted, wanted), rowKeys, rowValues, wanted, segment.End, attended.narrow(0, done, wanted));
                done += wanted;
            }
            AttentionOutputAndFeedForward(layer, x, attended);
        }
        return x;
    }

    /// <returns>[N, heads, D] rotated and scaled; [N, key/value heads, D] rotated; [N, key/value heads, D].</returns>
    private (Tensor Queries, Tensor Keys, Tensor Values) QueriesKeysValues(DecoderLayer layer, Tensor x, RotaryEmbedding rotary)
    {
        long heads = _config.Heads, keyHeads = _config.KeyValueHeads, headSize = _config.HeadSize;
        var all = _norm.Apply(x, layer.AttentionNorm).mm(layer.QueryKeyValue).view(-1, heads + 2 * keyHeads, headSize);
        rotary.Rotate(all.narrow(1, 0, heads + keyHeads), headSize);
        var queries = all.narrow(1, 0, heads).mul_(_queryScale);
        return (queries, all.narrow(1, heads, keyHeads), all.narrow(1, heads + keyHeads, keyHeads));
    }

    /// <summary>The second half of a layer, added onto <paramref name="x"/> [N, H].</summary>
    private void AttentionOutputAndFeedForward(DecoderLayer layer, Tensor x, Tensor attended)
    {
        x.addmm_(attended, layer.AttentionOutput);
        var gateUp = _norm.Apply(x, layer.FeedForwardNorm).mm(layer.GateUp);
        x.addmm_(SwiGlu.Apply(gateUp, _config.FeedForwardSize), layer.Down);
    }

    /// <summary>Where in the piece prompts end.</summary>
    private static long[] LastTokens(List<PromptSegment> piece)
    {
        var end = 0L;
        return [.. piece.Select(segment => (segment.EndsPrompt, Last: (end += segment.Count) - 1)).Where(s => s.EndsPrompt).Select(s => s.Last)];
    }
}
