using Llm4Msr.Language.Tokenization;
using Llm4Msr.Platform;

namespace Llm4Msr.Language.Files;

/// <summary>A language model in one GGUF file.</summary>
internal static class GgufModel
{
    private const string Llama = "llama";

    private static readonly string[] s_endTokens = ["tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id"];

    public static ModelFiles Open(string path)
    {
        var file = GgufFile.Open(path);
        try
        {
            Refuse(file);
            var config = Config(file);
            return new ModelFiles(
                file.Has("general.name") ? file.Text("general.name") : System.IO.Path.GetFileNameWithoutExtension(path),
                config,
                new Weights(file, config),
                Vocabulary(file, config.VocabularySize),
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
        if (architecture != Llama)
            throw Unsupported(file, $"the architecture '{architecture}'", $"'{Llama}'");
        if (file.Has("split.count") && file.Integer("split.count", 0, ushort.MaxValue) > 1)
            throw Unsupported(file, "a model split over several files", "one file");
        if (file.Has("llama.expert_count") && file.Integer("llama.expert_count", 0, ushort.MaxValue) > 0)
            throw Unsupported(file, "a mixture of experts", "dense models");
        if (file.Has("llama.rope.scaling.type") && file.Text("llama.rope.scaling.type") is var scaling and not "none")
            throw Unsupported(file, $"the rotary scaling '{scaling}'", "'none', and the factors of Llama 3 in the tensor 'rope_freqs.weight'");
    }

    private static ModelConfig Config(GgufFile file)
    {
        if (!file.Tensors.TryGetValue("token_embd.weight", out var embedding) || embedding.Shape is not [<= ModelConfig.LargestSize, _])
            throw file.Damaged("it has no table of token embeddings, 'token_embd.weight'");
        var hidden = Size("llama.embedding_length");
        var heads = Size("llama.attention.head_count");
        var headSize = Optional("llama.attention.key_length", hidden / heads);
        RefuseOtherThan("llama.attention.value_length", headSize);
        RefuseOtherThan("llama.rope.dimension_count", headSize);
        return new ModelConfig(
            Llama,
            (int)embedding.Shape[0],
            hidden,
            Size("llama.block_count"),
            heads,
            Optional("llama.attention.head_count_kv", heads),
            headSize,
            Size("llama.feed_forward_length"),
            Size("llama.context_length"),
            file.Number("llama.attention.layer_norm_rms_epsilon"),
            Frequencies(file, headSize),
            TiedEmbeddings: !file.Tensors.ContainsKey("output.weight"),
            [.. s_endTokens.Where(file.Has).Select(key => file.Integer(key, 0, int.MaxValue)).Distinct()]).Checked(file.Path);

        int Size(string key) => file.Integer(key, 1, ModelConfig.LargestSize);
        int Optional(string key, int otherwise) => file.Has(key) ? Size(key) : otherwise;
        void RefuseOtherThan(string key, int value)
        {
            if (Optional(key, value) is var other && other != value)
                throw Unsupported(file, $"'{key}' = {other}", $"the size of a head, {value}");
        }
    }

    private static float[] Frequencies(GgufFile file, int headSize)
    {
        var frequencies = RotaryFrequencies.Of(headSize, file.Has("llama.rope.freq_base") ? file.Number("llama.rope.freq_base") : 10_000);
        if (!file.Tensors.TryGetValue("rope_freqs.weight", out var tensor))
            return frequencies;
        if (tensor.Shape is not [var pairs] || pairs != frequencies.Length)
            throw file.Damaged($"'rope_freqs.weight' has the shape [{string.Join(", ", tensor.Shape)}], expected [{frequencies.Length}]");
        using var factors = file.Read(tensor.Name);
        return [.. frequencies.Zip(factors.data<float>(), (frequency, factor) => frequency / factor)];
    }

    private static VocabularyContent? Vocabulary(GgufFile file, int size)
    {
        if (!file.Has("tokenizer.ggml.model"))
            return null;
        if (file.Text("tokenizer.ggml.model") is var model and not "gpt2")
            throw Unsupported(file, $"the tokenizer '{model}'", "'gpt2' (byte-level BPE)");
        var tokens = file.Texts("tokenizer.ggml.tokens");
        if (tokens.Length != size)
            throw file.Damaged($"it names {tokens.Length} tokens and has embeddings for {size}");
        var kinds = file.Has("tokenizer.ggml.token_type")
            ? file.Integers("tokenizer.ggml.token_type")
            : new int[size].Select(_ => 1).ToArray();
        if (kinds.Length != size)
            throw file.Damaged($"it names {tokens.Length} tokens and {kinds.Length} token types");
        return new VocabularyContent(
            file.Has("tokenizer.ggml.pre") ? file.Text("tokenizer.ggml.pre") : "", // a guess would give other ids without a word
            tokens,
            [.. kinds.Select(Kind)],
            file.Texts("tokenizer.ggml.merges"),
            file.Has("tokenizer.ggml.add_bos_token") && file.Flag("tokenizer.ggml.add_bos_token")
                ? file.Integer("tokenizer.ggml.bos_token_id", 0, size - 1)
                : null).Checked(file.Path);
    }

    private static TokenKind Kind(int type) => type switch
    {
        1 => TokenKind.Text,
        4 => TokenKind.Marker,
        _ => TokenKind.Control, // control, unknown, unused, byte: nothing that a text may become, or that an answer should show
    };

    private static Llm4MsrException Unsupported(GgufFile file, string what, string supported) => new(
        FaultKind.BadInput, $"'{file.Path}' holds {what}, which is not supported. Supported: {supported}.");

    private sealed class Weights(GgufFile file, ModelConfig config) : IWeights
    {
        public string Path => file.Path;

        // The factors are in the configuration already.
        public IReadOnlyCollection<string> Names { get; } = [.. file.Tensors.Keys.Where(name => name != "rope_freqs.weight")];

        public long[] ShapeOf(string name) => file.Tensors[name].Shape;

        public Tensor Read(string name)
        {
            var weight = file.Read(name);
            return name.EndsWith(".attn_q.weight", StringComparison.Ordinal) ? HalvesApart(weight, config.Heads)
                : name.EndsWith(".attn_k.weight", StringComparison.Ordinal) ? HalvesApart(weight, config.KeyValueHeads)
                : weight;
        }

        /// <summary>
        /// The file has the two numbers of a rotated pair side by side; the decoder rotates the first half of a head
        /// against its second half, as the weights were trained.
        /// </summary>
        private Tensor HalvesApart(Tensor pairs, int heads)
        {
            using (pairs)
            using (var split = pairs.view(heads, config.HeadSize / 2, 2, config.HiddenSize))
            using (var apart = split.transpose(1, 2))
                return apart.reshape(heads * config.HeadSize, config.HiddenSize);
        }

        public void Dispose() => file.Dispose();
    }
}
