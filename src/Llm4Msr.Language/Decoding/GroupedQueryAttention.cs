using Llm4Msr.Language.Files;
using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.Language.Decoding;

/// <summary>
/// Causal attention in which each key/value head serves a group of query heads. The queries of a group are stacked, so
/// that keys and values are read once for all of them and never copied per query head.
/// </summary>
/// <remarks>Letters: R rows, T tokens, K key/value heads, G query heads per key/value head, D head size.</remarks>
internal sealed class GroupedQueryAttention(ModelConfig config) : IDisposable
{
    /// <summary>Queries per block. Scores of a block are the largest temporary: heads x block x tokens.</summary>
    private const long Block = 64;

    private readonly long _kvHeads = config.KeyValueHeads;
    private readonly long _group = config.Heads / config.KeyValueHeads;
    private readonly long _headSize = config.HeadSize;
    private readonly Tensor _causal = CausalMask().DetachFromDisposeScope();

    /// <summary>What the last tokens of one row see: each itself and all before it.</summary>
    /// <param name="queries">[T, heads, D], scaled, of the last T tokens.</param>
    /// <param name="keys">[K, all tokens, D].</param>
    /// <param name="values">[K, all tokens, D].</param>
    /// <param name="into">[T, heads x D].</param>
    public void OfPrompt(Tensor queries, Tensor keys, Tensor values, long tokens, long allTokens, Tensor into)
    {
        // Torch's own fused kernel needs half as long again here: it computes the masked half of the scores too.
        for (long first = 0; first < tokens; first += Block)
        {
            using var scope = torch.NewDisposeScope();
            var count = Math.Min(Block, tokens - first);
            var seen = allTokens - tokens + first + count;
            var q = queries.narrow(0, first, count).view(count, _kvHeads, _group, _headSize).permute(1, 2, 0, 3)
                .reshape(_kvHeads, _group * count, _headSize);
            var scores = q.bmm(keys.narrow(1, 0, seen).transpose(1, 2));
            if (count > 1)
                scores.view(_kvHeads, _group, count, seen).narrow(3, seen - count, count).add_(_causal.narrow(0, 0, count).narrow(1, 0, count), Held.One);
            var attended = scores.softmax(-1).bmm(values.narrow(1, 0, seen));
            into.narrow(0, first, count).view(count, _kvHeads, _group, _headSize)
                .copy_(attended.view(_kvHeads, _group, count, _headSize).permute(2, 0, 1, 3));
        }
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

    public void Dispose() => _causal.Dispose();

    private static Tensor CausalMask()
    {
        var mask = new float[Block, Block];
        for (var query = 0; query < Block; query++)
        {
            for (var key = query + 1; key < Block; key++)
                mask[query, key] = float.NegativeInfinity;
        }
        return torch.tensor(mask);
    }
}
