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
    /// Prompts are computed together up to so many tokens: enough for matrix products to run at full speed, few enough
    /// for what lies between them to stay in the caches.
    /// </summary>
    private const int TokensTogether = 1024;

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
        for (int row = 0, rows; row < prompts.Count; row += rows)
        {
            rows = 1;
            for (var tokens = prompts[row].Length; row + rows < prompts.Count; rows++)
            {
                tokens += prompts[row + rows].Length;
                if (tokens > TokensTogether)
                    break;
            }
            using var scope = torch.NewDisposeScope();
            states.narrow(0, row, rows).copy_(PrefillTogether([.. prompts.Skip(row).Take(rows)], row, cache, cancellation));
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

    private Tensor PrefillTogether(int[][] prompts, int firstRow, KvCache cache, CancellationToken cancellation)
    {
        var x = _weights.Embedding.index_select(0, torch.tensor([.. prompts.SelectMany(p => p.Select(id => (long)id))]));
        var rotary = RotaryEmbedding.At([.. prompts.SelectMany(p => Enumerable.Range(0, p.Length).Select(i => (long)i))], _frequencies);
        for (var l = 0; l < _weights.Layers.Count; l++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = torch.NewDisposeScope();
            var layer = _weights.Layers[l];
            var (queries, keys, values) = QueriesKeysValues(layer, x, rotary);

            // Only the last token of each row is wanted from the last layer; of the others it needs keys and values.
            var last = l == _weights.Layers.Count - 1;
            if (last)
                x = x.index_select(0, torch.tensor(LastTokens(prompts))).MoveToOuterDisposeScope();
            var attended = torch.empty([x.shape[0], _config.Heads * _config.HeadSize], torch.ScalarType.Float32);
            for (int r = 0, start = 0, done = 0; r < prompts.Length; start += prompts[r++].Length)
            {
                var tokens = prompts[r].Length;
                var wanted = last ? 1 : tokens;
                var (rowKeys, rowValues) = cache.StorePrompt(l, firstRow + r, keys.narrow(0, start, tokens), values.narrow(0, start, tokens));
                _attention.OfPrompt(
                    queries.narrow(0, start + tokens - wanted, wanted), rowKeys, rowValues, wanted, tokens, attended.narrow(0, done, wanted));
                done += wanted;
            }
            AttentionOutputAndFeedForward(layer, x, attended);
        }
        return _norm.Apply(x, _weights.OutputNorm);
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

    private static long[] LastTokens(int[][] prompts)
    {
        long end = 0;
        return Array.ConvertAll(prompts, prompt => (end += prompt.Length) - 1);
    }
}
