using Llm4Msr.Language.Files;
using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.Language.Decoding;

/// <summary>
/// Causal attention in which each key/value head serves a group of query heads. The queries of a group are stacked, so
/// that keys and values are read once for all of them and never copied per query head.
/// </summary>
/// <remarks>Letters: R rows, T tokens, K key/value heads, G query heads per key/value head, D head size.</remarks>
internal sealed class GroupedQueryAttention(ModelConfig config, torch.Device device) : IDisposable
{
    /// <summary>Queries per block. Scores of a block are the largest temporary: heads x block x tokens.</summary>
    public const long Block = 64;

    private readonly long _kvHeads = config.KeyValueHeads;
    private readonly long _group = config.Heads / config.KeyValueHeads;
    private readonly long _headSize = config.HeadSize;
    private readonly Tensor _future = Mask((query, key) => key > query, device);
    private readonly Tensor _past = Mask((query, key) => key < query, device);

    /// <summary>What the last tokens of one row see: each itself and all before it, or the last of these.</summary>
    /// <param name="queries">[T, heads, D], scaled, of the last T tokens.</param>
    /// <param name="keys">[K, all tokens, D].</param>
    /// <param name="values">[K, all tokens, D].</param>
    /// <param name="window">How many tokens a token sees, itself included; null for all.</param>
    /// <param name="into">[T, heads x D].</param>
    public void OfPrompt(Tensor queries, Tensor keys, Tensor values, long tokens, long allTokens, int? window, Tensor into)
    {
        // Torch's own fused kernel needs half as long again here: it computes the masked half of the scores too.
        for (long first = 0; first < tokens; first += Block)
        {
            using var scope = torch.NewDisposeScope();
            var count = Math.Min(Block, tokens - first);
            var position = allTokens - tokens + first; // of the block's first query
            var start = window is { } w ? Math.Max(0, position - w + 1) : 0;
            var seen = position + count - start;
            var q = queries.narrow(0, first, count).view(count, _kvHeads, _group, _headSize).permute(1, 2, 0, 3)
                .reshape(_kvHeads, _group * count, _headSize);
            var scores = q.bmm(keys.narrow(1, start, seen).transpose(1, 2));
            if (count > 1)
            {
                var masked = scores.view(_kvHeads, _group, count, seen);
                masked.narrow(3, seen - count, count).add_(_future.narrow(0, 0, count).narrow(1, 0, count), Held.One);
                if (window is not null)
                    HideWhatTheWindowHasLeft(masked, count, queriesBefore: start - (position - window.Value + 1));
            }
            var attended = scores.softmax(-1).bmm(values.narrow(1, start, seen));
            into.narrow(0, first, count).view(count, _kvHeads, _group, _headSize)
                .copy_(attended.view(_kvHeads, _group, count, _headSize).permute(2, 0, 1, 3));
        }
    }

    /// <summary>Of the keys of a block, which the window of its first queries holds, later queries see fewer and fewer.</summary>
    /// <param name="scores">[K, G, block, keys].</param>
    /// <param name="queriesBefore">Queries of the block that still see the first key.</param>
    private void HideWhatTheWindowHasLeft(Tensor scores, long count, long queriesBefore)
    {
        var late = count - queriesBefore;
        if (late > 1)
            scores.narrow(2, queriesBefore, late).narrow(3, 0, late).add_(_past.narrow(0, 0, late).narrow(1, 0, late), Held.One);
    }

    /// <summary>What the newest token of each row sees.</summary>
    /// <param name="queries">[R, heads, D], scaled.</param>
    /// <param name="keys">[R, K, columns, D].</param>
    /// <param name="values">[R, K, columns, D].</param>
    /// <param name="startMask">Added to the scores of the first columns, [R, 1, 1, columns before the latest start]; or null.</param>
    /// <returns>[R, heads x D].</returns>
    public Tensor OfNewestTokens(Tensor queries, Tensor keys, Tensor values, Tensor? startMask, long rows)
    {
        var q = queries.reshape(rows * _kvHeads, _group, _headSize);
        var scores = q.bmm(keys.flatten(0, 1).transpose(1, 2));
        if (startMask is not null)
            scores.view(rows, _kvHeads, _group, -1).narrow(3, 0, startMask.shape[3]).add_(startMask, Held.One);
        return scores.softmax(-1).bmm(values.flatten(0, 1)).view(rows, _kvHeads * _group * _headSize);
    }

    public void Dispose()
    {
        _future.Dispose();
        _past.Dispose();
    }

    private static Tensor Mask(Func<int, int, bool> hidden, torch.Device device)
    {
        var mask = new float[Block, Block];
        for (var query = 0; query < Block; query++)
        {
            for (var key = 0; key < Block; key++)
                mask[query, key] = hidden(query, key) ? float.NegativeInfinity : 0;
        }
        return torch.tensor(mask, device: device).DetachFromDisposeScope();
    }
}
