using Llm4Msr.Language.Tokenization;
using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.Language.Files;

/// <summary>A language model in one GGUF file.</summary>
internal static class GgufModel
{
    private const string Llama = "llama";
    private const string Gpt2 = "gpt2";
    private const string RotaryFactors = "rope_freqs.weight";

    private static readonly string[] s_architectures = [Llama, "qwen2", "qwen3", Gpt2];
    private static readonly string[] s_endTokens = ["tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id"];

    public static ModelFiles Open(string path)
    {
        var file = GgufFile.Open(path);
        try
        {
            Refuse(file);
            var config = Config(file);
            return new ModelFiles(
                file.Has("general.name") ? file.Text("general.name") : Path.GetFileNameWithoutExtension(path),
                config,
                new Weights(file, config),
                GgufTokenizer.Of(file, config.VocabularySize),
                file.Has("tokenizer.chat_template") ? file.Text("tokenizer.chat_template") : null);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>What would be computed wrongly if it were ignored.</summary>
    private static void Refuse(GgufFile file)
    {
        var architecture = file.Text("general.architecture");
        if (!s_architectures.Contains(architecture))
            throw file.Unsupported($"the architecture '{architecture}'", string.Join(", ", s_architectures.Select(a => $"'{a}'")));
        if (file.Has("split.count") && file.Integer("split.count", 0, ushort.MaxValue) > 1)
            throw file.Unsupported("a model split over several files", "one file");
        if (file.Has($"{architecture}.expert_count") && file.Integer($"{architecture}.expert_count", 0, ushort.MaxValue) > 0)
            throw file.Unsupported("a mixture of experts", "dense models");
    }

    private static ModelConfig Config(GgufFile file)
    {
        var architecture = file.Text("general.architecture");
        if (!file.Tensors.TryGetValue("token_embd.weight", out var embedding) || embedding.Shape is not [<= ModelConfig.LargestSize, _])
            throw file.Damaged("it has no table of token embeddings, 'token_embd.weight'");
        var hidden = Size("embedding_length");
        var heads = Size("attention.head_count");
        var headSize = Optional("attention.key_length", Math.Max(1, hidden / heads));
        RefuseOtherThan("attention.value_length", headSize);
        var layers = Size("block_count");
        var gpt2 = architecture == Gpt2;
        if (!gpt2)
            RefuseOtherThan("rope.dimension_count", headSize);
        return new ModelConfig(
            architecture,
            (int)embedding.Shape[0],
            hidden,
            layers,
            heads,
            Optional("attention.head_count_kv", heads),
            headSize,
            Size("feed_forward_length"),
            Size("context_length"),
            file.Number($"{architecture}.{(gpt2 ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon")}"),
            gpt2 ? [] : Frequencies(file, architecture, headSize),
            TiedEmbeddings: !file.Tensors.ContainsKey("output.weight"),
            [.. s_endTokens.Where(file.Has).Select(key => file.Integer(key, 0, int.MaxValue)).Distinct()])
        {
            Norm = gpt2 ? NormKind.LayerNorm : NormKind.RmsNorm,
            FeedForward = gpt2 ? FeedForwardKind.GeluTanh : FeedForwardKind.SwiGlu,
            Biases = (Has("attn_q.bias") || Has("attn_qkv.bias") ? Biases.QueryKeyValue : Biases.None)
                | (Has("attn_output.bias") ? Biases.AttentionOutput : Biases.None)
                | (Has("ffn_up.bias") ? Biases.FeedForward : Biases.None),
            QueryKeyNorm = Has("attn_q_norm.weight"),
            Windows = file.Has($"{architecture}.attention.sliding_window") && layers <= ModelConfig.MostLayers && Window() is var window and > 0
                ? [.. Enumerable.Repeat((int?)window, layers)]
                : [],
        }.Checked(file.Path);

        bool Has(string part) => file.Tensors.ContainsKey($"blk.0.{part}");
        int Window() => file.Integer($"{architecture}.attention.sliding_window", 0, int.MaxValue);
        int Size(string key) => file.Integer($"{architecture}.{key}", 1, ModelConfig.LargestSize);
        int Optional(string key, int otherwise) => file.Has($"{architecture}.{key}") ? Size(key) : otherwise;
        void RefuseOtherThan(string key, int value)
        {
            if (Optional(key, value) is var other && other != value)
                throw file.Unsupported($"'{architecture}.{key}' = {other}", $"the size of a head, {value}");
        }
    }

    private static float[] Frequencies(GgufFile file, string architecture, int headSize)
    {
        var frequencies = RotaryFrequencies.Of(headSize, Number("rope.freq_base") ?? 10_000);
        var scaling = file.Has($"{architecture}.rope.scaling.type") ? file.Text($"{architecture}.rope.scaling.type") : "none";
        if (scaling is not ("none" or "linear"))
            throw file.Unsupported($"the rotary scaling '{scaling}'", $"'none', 'linear', and the factors of Llama 3 in the tensor '{RotaryFactors}'");
        var factor = (scaling == "linear" ? Number("rope.scaling.factor") : null) ?? Number("rope.scale_linear");
        if (factor is not null)
            frequencies = RotaryFrequencies.Linear(frequencies, factor.Value);
        if (!file.Tensors.TryGetValue(RotaryFactors, out var tensor))
            return frequencies;
        if (tensor.Shape is not [var pairs] || pairs != frequencies.Length)
            throw file.Damaged($"'{RotaryFactors}' has the shape [{string.Join(", ", tensor.Shape)}], expected [{frequencies.Length}]");
        using var scope = torch.NewDisposeScope();
        return [.. frequencies.Zip(file.Read(tensor.Name).Widen().data<float>(), (frequency, slower) => frequency / slower)];

        float? Number(string key) => file.Has($"{architecture}.{key}") ? file.Number($"{architecture}.{key}") : null;
    }

    private sealed class Weights(GgufFile file, ModelConfig config) : IWeights
    {
        public string Path => file.Path;

        // The factors are in the configuration already.
        public IReadOnlyCollection<string> Names { get; } = [.. file.Tensors.Keys.Where(name => name != RotaryFactors)];

        public long[] ShapeOf(string name) => file.Tensors[name].Shape;

        public string TypeOf(string name) => file.Tensors[name].Format.Name;

        public long BytesOf(string name) => file.Tensors[name].Length;

        /// <summary>Of Llama's queries and keys the file has the two numbers of a rotated pair side by side.</summary>
        public StoredTensor Read(string name)
        {
            var stored = file.Read(name);
            var heads = config.Architecture != Llama ? 0
                : name.Contains(".attn_q.", StringComparison.Ordinal) ? config.Heads
                : name.Contains(".attn_k.", StringComparison.Ordinal) ? config.KeyValueHeads
                : 0;
            return heads == 0 ? stored : stored.Rows([.. RotaryPairs.HalvesApart(heads, config.HeadSize, config.HeadSize)]);
        }

        public string Hash() => FileHash.OfFile(file.Path);

        public void Dispose() => file.Dispose();
    }
}
