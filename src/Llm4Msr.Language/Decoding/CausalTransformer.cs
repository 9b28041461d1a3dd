using Llm4Msr.Language.Files;
using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.Language.Decoding;

/// <summary>The states of one token of each row.</summary>
/// <param name="Final">After the final norm, [R, H].</param>
/// <param name="AfterLayers">After each of the layers that were asked for, before any norm, [R, H] each.</param>
internal readonly record struct TokenStates(Tensor Final, Tensor[] AfterLayers)
{
    /// <summary>Those of the first rows.</summary>
    public TokenStates First(int rows) => new(Final.narrow(0, 0, rows), [.. AfterLayers.Select(states => states.narrow(0, 0, rows))]);

    public TokenStates MoveToOuterDisposeScope()
    {
        Final.MoveToOuterDisposeScope();
        foreach (var states in AfterLayers)
            states.MoveToOuterDisposeScope();
        return this;
    }
}

/// <summary>
/// A decoder put together from the parts that the configuration names: RMSNorm or LayerNorm, rotary or learned positions,
/// grouped-query attention over all tokens or a window of them, SwiGLU or GELU. Weights are read-only and nothing is kept
/// between calls, so several threads may call at once, each with its own cache.
/// </summary>
/// <remarks>Letters: R rows, N tokens of several rows one after the other, H hidden size, D head size.</remarks>
internal sealed class CausalTransformer : IDisposable
{
    /// <summary>
    /// Tokens of prompts that are computed together: enough for matrix products to run at full speed, few enough for what
    /// lies between them to stay in the processor's caches.
    /// </summary>
    public const int TokensTogether = 768;

    private readonly ModelConfig _config;
    private readonly DecoderWeights _weights;
    private readonly torch.Device _device;
    private readonly Norm _norm;
    private readonly RmsNorm _queryKeyNorm;
    private readonly GroupedQueryAttention _attention;
    private readonly Tensor? _frequencies; // null where positions are learned
    private readonly Scalar _queryScale;

    public CausalTransformer(ModelConfig config, DecoderWeights weights, torch.Device device)
    {
        _config = config;
        _weights = weights;
        _device = device;
        _norm = new Norm(config.Norm, config.NormEpsilon);
        _queryKeyNorm = new RmsNorm(config.NormEpsilon);
        _attention = new GroupedQueryAttention(config, device);
        _frequencies = config.LearnedPositions ? null : torch.tensor(config.RotaryFrequencies, device: device).DetachFromDisposeScope();
        _queryScale = 1 / MathF.Sqrt(config.HeadSize);
    }

    /// <summary>Bytes of the weights.</summary>
    public long WeightBytes => _weights.Bytes;

    /// <summary>
    /// Bytes that one batch takes beside its keys and values: what lies between the layers for tokens computed together, the
    /// scores of a block, logits of a batch of 64, and where weights are kept as stored one widened layer.
    /// </summary>
    public long WorkBytes
    {
        get
        {
            long hidden = _config.HiddenSize, heads = _config.Heads * (long)_config.HeadSize, keys = _config.KeyValueHeads * (long)_config.HeadSize;
            var betweenLayers = TokensTogether * (4 * hidden + 3 * heads + 4 * keys + 4L * _config.FeedForwardSize);
            var scores = 2L * _config.Heads * GroupedQueryAttention.Block * _config.ContextLength;
            var layer = hidden * (2 * heads + 2 * keys + 3L * _config.FeedForwardSize);
            return sizeof(float) * (betweenLayers + scores + 64L * _config.VocabularySize + (_weights.AreKept ? 2 * layer : 0));
        }
    }

    /// <summary>Reads the prompts into the cache, without padding: tokens of all rows are one after the other.</summary>
    /// <param name="layers">After which layers states are wanted beside the final ones; 0 for the embedding. Ascending.</param>
    /// <param name="keepsWhatIsRead">Whether cancelling leaves the prompts that were read by then; else it throws.</param>
    /// <returns>The states of the last token of each prompt, or of the first ones, whose reading was not cancelled.</returns>
    public TokenStates Prefill(IReadOnlyList<int[]> prompts, KvCache cache, IReadOnlyList<int> layers, bool keepsWhatIsRead, CancellationToken cancellation)
    {
        var read = 0;
        var all = new TokenStates(States(), [.. layers.Select(_ => States())]);
        var shared = PromptSegment.SharedStart(prompts);
        foreach (var piece in PromptSegment.Pieces(prompts, shared, TokensTogether))
        {
            if (keepsWhatIsRead && cancellation.IsCancellationRequested)
                return all.First(read);
            using var scope = torch.NewDisposeScope();
            var ended = piece.Where(segment => segment.EndsPrompt).Select(segment => segment.Row).ToList();
            var ofPiece = PrefillTogether(prompts, shared, piece, cache, layers, keepsWhatIsRead ? CancellationToken.None : cancellation);
            read += ended.Count;
            if (ended.Count == 0)
                continue;
            all.Final.narrow(0, ended[0], ended.Count).copy_(ofPiece.Final);
            for (var i = 0; i < layers.Count; i++)
                all.AfterLayers[i].narrow(0, ended[0], ended.Count).copy_(ofPiece.AfterLayers[i]);
        }
        return all;

        Tensor States() => torch.empty([prompts.Count, _config.HiddenSize], torch.ScalarType.Float32, _device);
    }

    /// <summary>Feeds one more token to each row of the cache.</summary>
    /// <returns>Its states.</returns>
    public TokenStates Step(long[] tokens, KvCache cache, IReadOnlyList<int> layers)
    {
        using var scope = torch.NewDisposeScope();
        var positions = cache.NextPositions();
        var x = Embed(tokens, positions);
        var rotary = RotaryAt(positions);
        var afterLayers = new Tensor[layers.Count];
        var wanted = 0;
        if (wanted < layers.Count && layers[wanted] == 0)
            afterLayers[wanted++] = x.clone();
        for (var l = 0; l < _weights.Layers; l++)
        {
            using var layerScope = torch.NewDisposeScope();
            var layer = _weights.Layer(l);
            var window = _config.WindowOf(l);
            var (queries, newKeys, newValues) = QueriesKeysValues(layer, x, rotary);
            var (keys, values) = cache.Append(l, newKeys, newValues, window);
            var attended = _attention.OfNewestTokens(queries, keys, values, cache.StartMask(window), cache.Rows);
            AttentionOutputAndFeedForward(layer, x, attended);
            if (wanted < layers.Count && layers[wanted] == l + 1)
                afterLayers[wanted++] = x.clone().MoveToOuterDisposeScope();
        }
        cache.Advance();
        return new TokenStates(_norm.Apply(x, _weights.OutputNorm), afterLayers).MoveToOuterDisposeScope();
    }

    /// <summary>The likeliest next token of each state.</summary>
    /// <param name="states">[R, H], after the final norm.</param>
    public long[] LikeliestTokens(Tensor states)
    {
        using var scope = torch.NewDisposeScope();
        return _weights.OutputHead.Logits(states).argmax(1).cpu().data<long>().ToArray();
    }

    /// <summary>How likely each token is next, as logits [R, vocabulary].</summary>
    /// <param name="states">[R, H], after the final norm.</param>
    public float[] Logits(Tensor states)
    {
        using var scope = torch.NewDisposeScope();
        return _weights.OutputHead.Logits(states).cpu().data<float>().ToArray();
    }

    public void Dispose()
    {
        _weights.Dispose();
        _attention.Dispose();
        _frequencies?.Dispose();
    }

    /// <returns>The states of the prompts' last tokens, as far as these lie in the piece.</returns>
    private TokenStates PrefillTogether(
        IReadOnlyList<int[]> prompts, int shared, List<PromptSegment> piece, KvCache cache, IReadOnlyList<int> layers, CancellationToken cancellation)
    {
        var positions = torch.tensor([.. piece.SelectMany(s => s.Positions())], device: _device);
        var x = Embed([.. piece.SelectMany(s => s.Of(prompts))], positions);
        var rotary = RotaryAt(positions);
        var lastTokens = torch.tensor(LastTokens(piece), device: _device);
        var afterLayers = new Tensor[layers.Count];
        var wantedLayer = 0;
        if (wantedLayer < layers.Count && layers[wantedLayer] == 0)
            afterLayers[wantedLayer++] = x.index_select(0, lastTokens);
        for (var l = 0; l < _weights.Layers; l++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = torch.NewDisposeScope();
            var layer = _weights.Layer(l);
            var (queries, keys, values) = QueriesKeysValues(layer, x, rotary);

            // Of the last layer only the prompts' last tokens are wanted; of the others it stores keys and values.
            var last = l == _weights.Layers - 1;
            if (last)
                x = x.index_select(0, lastTokens).MoveToOuterDisposeScope();
            var attended = torch.empty([x.shape[0], _config.Heads * (long)_config.HeadSize], torch.ScalarType.Float32, _device);
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
                    queries.narrow(0, start - wanted, wanted), rowKeys, rowValues, wanted, segment.End, _config.WindowOf(l), attended.narrow(0, done, wanted));
                done += wanted;
            }
            AttentionOutputAndFeedForward(layer, x, attended);
            if (wantedLayer < layers.Count && layers[wantedLayer] == l + 1)
                afterLayers[wantedLayer++] = (last ? x.clone() : x.index_select(0, lastTokens)).MoveToOuterDisposeScope();
        }
        return new TokenStates(_norm.Apply(x, _weights.OutputNorm), afterLayers);
    }

    /// <returns>[N, H], a tensor of its own.</returns>
    private Tensor Embed(long[] tokens, Tensor positions)
    {
        var x = _weights.Embedding.Of(torch.tensor(tokens, device: _device));
        return _weights.Positions is null ? x : x.add_(_weights.Positions.Of(positions), Held.One);
    }

    private RotaryEmbedding? RotaryAt(Tensor positions) => _frequencies is null ? null : RotaryEmbedding.At(positions, _frequencies);

    /// <returns>[N, heads, D] rotated and scaled; [N, key/value heads, D] rotated; [N, key/value heads, D].</returns>
    private (Tensor Queries, Tensor Keys, Tensor Values) QueriesKeysValues(DecoderLayer layer, Tensor x, RotaryEmbedding? rotary)
    {
        long heads = _config.Heads, keyHeads = _config.KeyValueHeads, headSize = _config.HeadSize;
        var all = layer.QueryKeyValue.Apply(_norm.Apply(x, layer.AttentionNorm)).view(-1, heads + 2 * keyHeads, headSize);
        var queriesAndKeys = all.narrow(1, 0, heads + keyHeads);
        if (layer.QueryKeyNorm is not null)
            queriesAndKeys = _queryKeyNorm.Apply(queriesAndKeys, layer.QueryKeyNorm);
        if (rotary is { } turn)
        {
            var rotated = 2 * _config.RotaryFrequencies.Length;
            turn.Rotate(rotated == headSize ? queriesAndKeys : queriesAndKeys.narrow(2, 0, rotated), rotated);
        }
        var queries = queriesAndKeys.narrow(1, 0, heads).mul_(_queryScale);
        return (queries, queriesAndKeys.narrow(1, heads, keyHeads), all.narrow(1, heads + keyHeads, keyHeads));
    }

    /// <summary>The second half of a layer, added onto <paramref name="x"/> [N, H].</summary>
    private void AttentionOutputAndFeedForward(DecoderLayer layer, Tensor x, Tensor attended)
    {
        layer.AttentionOutput.AddTo(x, attended);
        var up = layer.Up.Apply(_norm.Apply(x, layer.FeedForwardNorm));
        layer.Down.AddTo(x, FeedForward.Activate(up, _config.FeedForward, _config.FeedForwardSize));
    }

    /// <summary>Where in the piece prompts end.</summary>
    private static long[] LastTokens(List<PromptSegment> piece)
    {
        var end = 0L;
        return [.. piece.Select(segment => (segment.EndsPrompt, Last: (end += segment.Count) - 1)).Where(s => s.EndsPrompt).Select(s => s.Last)];
    }
}
