using System.Globalization;
using Llm4Msr.Language.Files;
using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.Language.Decoding;

/// <summary>One layer's weights in fp32. Projections that read the same input are one.</summary>
/// <param name="QueryKeyValue">From H to (heads + 2 key/value heads) x head size.</param>
/// <param name="QueryKeyNorm">[heads + key/value heads, head size]: the norm's weights, once per head; or null.</param>
/// <param name="AttentionOutput">From heads x head size to H.</param>
/// <param name="Up">From H to the feed-forward size, or to twice that: the gate, then what it lets through.</param>
/// <param name="Down">From the feed-forward size to H.</param>
internal sealed record DecoderLayer(
    NormWeights AttentionNorm, Linear QueryKeyValue, Tensor? QueryKeyNorm, Linear AttentionOutput, NormWeights FeedForwardNorm, Linear Up, Linear Down);

/// <summary>All weights of a decoder; read-only, so that several threads may use them at once.</summary>
/// <remarks>
/// In fp32, or as stored: then <see cref="Layer"/> widens one layer each time it is asked for, into the dispose scope of
/// whoever asks.
/// </remarks>
internal sealed class DecoderWeights : IDisposable
{
    private readonly List<Tensor> _owned = [];
    private readonly Func<DecoderLayer>[] _layers;

    /// <exception cref="Llm4MsrException">A tensor is missing, has another shape, or is not one that the model should have.</exception>
    public DecoderWeights(IWeights file, ModelConfig config, WeightStorage storage, torch.Device device)
    {
        CheckMemory(file, storage);
        AreKept = storage == WeightStorage.Keep;
        var reader = new Reader(file, storage, device, _owned);
        try
        {
            Embedding = reader.Table("token_embd.weight", config.VocabularySize, config.HiddenSize);
            if (config.LearnedPositions)
                Positions = reader.Table("position_embd.weight", config.ContextLength, config.HiddenSize);
            _layers = [.. Enumerable.Range(0, config.Layers).Select(l => reader.Layer(string.Create(CultureInfo.InvariantCulture, $"blk.{l}."), config))];
            OutputNorm = reader.Norm("output_norm", config);
            OutputHead = config.TiedEmbeddings ? Embedding : reader.Table("output.weight", config.VocabularySize, config.HiddenSize);
            reader.RefuseTheRest(config);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public int Layers => _layers.Length;

    /// <summary>Whether they are as stored.</summary>
    public bool AreKept { get; }

    /// <summary>[vocabulary, H].</summary>
    public EmbeddingTable Embedding { get; }

    /// <summary>[context, H], where positions are learned.</summary>
    public EmbeddingTable? Positions { get; }

    public NormWeights OutputNorm { get; }

    /// <summary>[vocabulary, H]; the embedding itself where the model ties the two.</summary>
    public EmbeddingTable OutputHead { get; }

    /// <summary>Bytes that stay in memory.</summary>
    public long Bytes => _owned.Sum(tensor => tensor.numel() * tensor.ElementSize);

    public DecoderLayer Layer(int layer) => _layers[layer]();

    public void Dispose() => _owned.ForEach(tensor => tensor.Dispose());

    private static void CheckMemory(IWeights file, WeightStorage storage)
    {
        var bytes = file.Names.Sum(name => WeightStorages.BytesOf(file, name, storage));
        if (bytes > Machine.Current.MemoryBytes)
        {
            throw new Llm4MsrException(FaultKind.ResourceMissing, $"The weights of '{file.Path}' take {bytes >> 20} MiB {WeightStorages.InWords(storage)}; "
                + $"this process may use {Machine.Current.MemoryBytes >> 20} MiB. Take a smaller model{(storage == WeightStorage.Fp32 ? ", or keep the weights as stored" : "")}.");
        }
    }

    /// <summary>
    /// Reads tensors with the shape that the configuration asks for, and knows which were never asked for. What is kept goes
    /// into <paramref name="owned"/> and out of every dispose scope; what was read on the way there is freed at once.
    /// </summary>
    private sealed class Reader(IWeights file, WeightStorage storage, torch.Device device, List<Tensor> owned)
    {
        private readonly HashSet<string> _left = new(file.Names, StringComparer.Ordinal);

        public Func<DecoderLayer> Layer(string layer, ModelConfig config)
        {
            long hidden = config.HiddenSize, feedForward = config.FeedForwardSize;
            long queries = config.Heads * (long)config.HeadSize, keys = config.KeyValueHeads * (long)config.HeadSize;
            var gated = config.FeedForward == FeedForwardKind.SwiGlu;

            var attentionNorm = Norm(layer + "attn_norm", config);
            var queryKeyValue = Projection(hidden, config.Biases.HasFlag(Biases.QueryKeyValue), layer + "attn_qkv",
                (layer + "attn_q", queries), (layer + "attn_k", keys), (layer + "attn_v", keys));
            var queryKeyNorm = config.QueryKeyNorm ? QueryKeyNorm(layer, config) : null;
            var output = Projection(queries, config.Biases.HasFlag(Biases.AttentionOutput), null, (layer + "attn_output", hidden));
            var feedForwardNorm = Norm(layer + "ffn_norm", config);
            var up = gated
                ? Projection(hidden, config.Biases.HasFlag(Biases.FeedForward), layer + "ffn_gate_up", (layer + "ffn_gate", feedForward), (layer + "ffn_up", feedForward))
                : Projection(hidden, config.Biases.HasFlag(Biases.FeedForward), null, (layer + "ffn_up", feedForward));
            var down = Projection(feedForward, config.Biases.HasFlag(Biases.FeedForward), null, (layer + "ffn_down", hidden));

            if (storage == WeightStorage.Keep)
                return Widened;
            var inMemory = Widened();
            return () => inMemory;

            DecoderLayer Widened() => new(attentionNorm, queryKeyValue(), queryKeyNorm, output(), feedForwardNorm, up(), down());
        }

        public NormWeights Norm(string name, ModelConfig config) => new(
            Vector(name + ".weight", config.HiddenSize),
            config.Norm == NormKind.LayerNorm ? Vector(name + ".bias", config.HiddenSize) : null);

        public EmbeddingTable Table(string name, long rows, long columns)
        {
            using var scope = torch.NewDisposeScope();
            var stored = Read(name, rows, columns);
            if (storage == WeightStorage.Fp32 && !stored.IsFp32)
                stored = new StoredTensor(stored.Widen());
            return new EmbeddingTable(Keep(stored));
        }

        /// <summary>What the decoder has no use for, it would leave out of the computation without a word.</summary>
        public void RefuseTheRest(ModelConfig config)
        {
            if (config.TiedEmbeddings)
                _left.Remove("output.weight"); // the same table once more
            if (_left.Count > 0)
            {
                throw new Llm4MsrException(FaultKind.BadInput, $"'{file.Path}' holds tensors that a model of the architecture '{config.Architecture}' and these settings does not have: "
                    + $"{string.Join(", ", _left.Order(StringComparer.Ordinal).Take(5)).Shortened()}{(_left.Count > 5 ? ", ..." : "")}. It is not supported.");
            }
        }

        /// <summary>Matrices of [outputs, inputs] that read the same input, and their biases; in the file perhaps one tensor already.</summary>
        private Func<Linear> Projection(long inputs, bool biased, string? together, params ReadOnlySpan<(string Name, long Outputs)> parts)
        {
            using var scope = torch.NewDisposeScope();
            long outputs = 0;
            foreach (var part in parts)
                outputs += part.Outputs;
            if (together is not null && _left.Contains(together + ".weight"))
                parts = [(together, outputs)];
            List<StoredTensor> weights = [];
            List<Tensor> biases = [];
            foreach (var (name, count) in parts)
            {
                weights.Add(Read(name + ".weight", count, inputs));
                if (biased)
                    biases.Add(Read(name + ".bias", count).Widen());
            }
            var bias = biased ? Keep(torch.cat(biases)) : null;
            if (storage == WeightStorage.Keep)
            {
                weights = [.. weights.Select(Keep)];
                return () => new Linear(SideBySide(weights, outputs, inputs), bias);
            }
            // Row by row is how products read it.
            var inMemory = new Linear(Keep(SideBySide(weights, outputs, inputs).contiguous()), bias);
            return () => inMemory;
        }

        /// <returns>[inputs, all outputs], a transposed view.</returns>
        private Tensor SideBySide(List<StoredTensor> weights, long outputs, long inputs)
        {
            using var scope = torch.NewDisposeScope();
            var all = torch.empty([outputs, inputs], torch.ScalarType.Float32, device);
            long done = 0;
            foreach (var weight in weights)
            {
                weight.WidenInto(all.narrow(0, done, weight.Shape[0]));
                done += weight.Shape[0];
            }
            return all.t().MoveToOuterDisposeScope();
        }

        private Tensor QueryKeyNorm(string layer, ModelConfig config)
        {
            using var scope = torch.NewDisposeScope();
            return Keep(torch.cat(
            [
                Read(layer + "attn_q_norm.weight", config.HeadSize).Widen().expand(config.Heads, config.HeadSize),
                Read(layer + "attn_k_norm.weight", config.HeadSize).Widen().expand(config.KeyValueHeads, config.HeadSize),
            ]));
        }

        private Tensor Vector(string name, long size)
        {
            using var scope = torch.NewDisposeScope();
            return Keep(Read(name, size).Widen());
        }

        private StoredTensor Read(string name, params long[] shape)
        {
            if (!_left.Remove(name))
                throw Damaged($"it holds no tensor '{name}'");
            if (!file.ShapeOf(name).AsSpan().SequenceEqual(shape))
                throw Damaged($"tensor '{name}' has the shape [{string.Join(", ", file.ShapeOf(name))}], expected [{string.Join(", ", shape)}]");
            return file.Read(name);
        }

        private Tensor Keep(Tensor tensor)
        {
            var kept = tensor.to(device).DetachFromDisposeScope();
            owned.Add(kept);
            return kept;
        }

        private StoredTensor Keep(StoredTensor stored)
        {
            var kept = stored.To(device);
            owned.Add(kept.Stored.DetachFromDisposeScope());
            return kept;
        }

        private Llm4MsrException Damaged(string what) => new(
            FaultKind.Damaged, $"The model '{file.Path}' is damaged: {what.Shortened()}. Get the model again.");
    }
}
