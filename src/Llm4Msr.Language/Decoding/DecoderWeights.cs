using System.Globalization;
using Llm4Msr.Language.Files;
using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.Language.Decoding;

/// <summary>
/// One layer's weights. Matrices are [inputs, outputs], so that a product reads them row by row, and those that multiply
/// the same input are one matrix.
/// </summary>
/// <param name="QueryKeyValue">[H, (heads + 2 key/value heads) x head size].</param>
/// <param name="AttentionOutput">[heads x head size, H].</param>
/// <param name="GateUp">[H, 2 x feed-forward size]: the gate, then what it lets through.</param>
/// <param name="Down">[feed-forward size, H].</param>
internal sealed record DecoderLayer(
    Tensor AttentionNorm, Tensor QueryKeyValue, Tensor AttentionOutput, Tensor FeedForwardNorm, Tensor GateUp, Tensor Down);

/// <summary>All weights of a decoder in fp32; read-only, so that several threads may use them at once.</summary>
/// <param name="Embedding">[vocabulary, H].</param>
/// <param name="OutputHead">[vocabulary, H]; the embedding itself where the model ties the two.</param>
internal sealed record DecoderWeights(Tensor Embedding, IReadOnlyList<DecoderLayer> Layers, Tensor OutputNorm, Tensor OutputHead) : IDisposable
{
    /// <exception cref="Llm4MsrException">A tensor is missing, has another shape, or is not one that a Llama model has.</exception>
    public static DecoderWeights Load(IWeights file, ModelConfig config)
    {
        CheckMemory(file);
        using var scope = torch.NewDisposeScope();
        var reader = new Reader(file);
        var (hidden, feedForward) = (config.HiddenSize, config.FeedForwardSize);
        var (queries, keys) = (config.Heads * config.HeadSize, config.KeyValueHeads * config.HeadSize);

        var embedding = reader.Read("token_embd.weight", config.VocabularySize, hidden);
        var layers = new List<DecoderLayer>();
        for (var l = 0; l < config.Layers; l++)
        {
            var layer = string.Create(CultureInfo.InvariantCulture, $"blk.{l}.");
            layers.Add(new DecoderLayer(
                reader.Read(layer + "attn_norm.weight", hidden),
                reader.ReadSideBySide(hidden, (layer + "attn_q.weight", queries), (layer + "attn_k.weight", keys), (layer + "attn_v.weight", keys)),
                reader.ReadSideBySide(queries, (layer + "attn_output.weight", hidden)),
                reader.Read(layer + "ffn_norm.weight", hidden),
                reader.ReadSideBySide(hidden, (layer + "ffn_gate.weight", feedForward), (layer + "ffn_up.weight", feedForward)),
                reader.ReadSideBySide(feedForward, (layer + "ffn_down.weight", hidden))));
        }
        var norm = reader.Read("output_norm.weight", hidden);
        var head = config.TiedEmbeddings ? embedding : reader.Read("output.weight", config.VocabularySize, hidden);
        reader.RefuseTheRest(tied: config.TiedEmbeddings);

        var weights = new DecoderWeights(embedding, layers, norm, head);
        foreach (var tensor in weights.All())
            tensor.DetachFromDisposeScope();
        return weights;
    }

    public void Dispose()
    {
        foreach (var tensor in All())
            tensor.Dispose();
    }

    private static void CheckMemory(IWeights file)
    {
        var bytes = file.Names.Sum(name => sizeof(float) * file.ShapeOf(name).Aggregate((product, size) => product * size));
        if (bytes > Machine.Current.MemoryBytes)
        {
            throw new Llm4MsrException(FaultKind.ResourceMissing, $"The weights of '{file.Path}' take {bytes >> 20} MiB in fp32; "
                + $"this process may use {Machine.Current.MemoryBytes >> 20} MiB. Take a smaller model.");
        }
    }

    /// <summary>A tied head comes twice, which neither detaching nor disposing minds.</summary>
    private IEnumerable<Tensor> All() => Layers
        .SelectMany(l => new[] { l.AttentionNorm, l.QueryKeyValue, l.AttentionOutput, l.FeedForwardNorm, l.GateUp, l.Down })
        .Concat([Embedding, OutputNorm, OutputHead]);

    /// <summary>Reads tensors with the shape that the configuration asks for, and knows which were never asked for.</summary>
    private sealed class Reader(IWeights file)
    {
        private readonly HashSet<string> _left = new(file.Names, StringComparer.Ordinal);

        public Tensor Read(string name, params long[] shape)
        {
            if (!_left.Remove(name))
                throw Damaged($"it holds no tensor '{name}'");
            if (!file.ShapeOf(name).AsSpan().SequenceEqual(shape))
                throw Damaged($"tensor '{name}' has the shape [{string.Join(", ", file.ShapeOf(name))}], expected [{string.Join(", ", shape)}]");
            return file.Read(name);
        }

        /// <summary>Matrices of [outputs, inputs] as one of [inputs, all outputs].</summary>
        public Tensor ReadSideBySide(long inputs, params ReadOnlySpan<(string Name, long Outputs)> parts)
        {
            List<Tensor> transposed = [];
            foreach (var (name, outputs) in parts)
                transposed.Add(Read(name, outputs, inputs).t());
            var together = torch.cat(transposed, dim: 1).contiguous();
            return together;
        }

        /// <summary>What the decoder has no use for, it would leave out of the computation without a word.</summary>
        public void RefuseTheRest(bool tied)
        {
            if (tied)
                _left.Remove("output.weight"); // the same table once more
            if (_left.Count > 0)
            {
                throw new Llm4MsrException(FaultKind.BadInput, $"'{file.Path}' holds tensors that a Llama model does not have: "
                    + $"{string.Join(", ", _left.Order(StringComparer.Ordinal).Take(5))}{(_left.Count > 5 ? ", ..." : "")}. Its architecture is not supported.");
            }
        }

        private Llm4MsrException Damaged(string what) => new(
            FaultKind.Damaged, $"The model '{file.Path}' is damaged: {what}. Get the model again.");
    }
}
