using System.Text.Json.Nodes;
using Llm4Msr.Platform;
using Llm4Msr.Testing;
using TorchSharp;

namespace Llm4Msr.Language.Tests.Decoding;

/// <summary>A checkpoint of some architecture with sizes and numbers drawn by a seed: no size is a multiple of another by design.</summary>
internal sealed class RandomCheckpoint
{
    public const int Context = 120;

    private readonly Random _random;
    private readonly Dictionary<string, (long[] Shape, float[] Numbers)> _tensors = new(StringComparer.Ordinal);

    public RandomCheckpoint(string type, int seed)
    {
        _random = new Random(seed);
        var keyHeads = Pick(1, 2, 3);
        var heads = keyHeads * Pick(1, 1, 2, 3);
        var headSize = type switch { "chatglm" => 4 * Pick(1, 2, 3), "gpt2" => Pick(3, 5, 8), _ => 2 * Pick(1, 3, 5, 8) };
        var hidden = type == "gpt2" ? heads * headSize : Pick(7, 13, 24, 33);
        var (layers, vocabulary, feedForward) = (Pick(1, 2, 3), Pick(37, 64, 101), Pick(5, 19, 32));
        var tied = Pick(0, 1) == 1;
        Vocabulary = vocabulary;
        switch (type)
        {
            case "gpt2":
                MakeGpt2(layers, vocabulary, hidden, heads, feedForward);
                break;
            case "chatglm":
                MakeChatGlm(layers, vocabulary, hidden, heads, keyHeads, headSize, feedForward);
                break;
            default:
                MakeLlamaLike(type, layers, vocabulary, hidden, heads, keyHeads, headSize, feedForward, tied);
                break;
        }
    }

    public JsonObject Config { get; private set; } = [];

    public int Vocabulary { get; }

    public ReferenceDecoder Reference => new(Config, _tensors);

    public int[] Prompt(int length) => [.. Enumerable.Range(0, length).Select(_ => _random.Next(Vocabulary))];

    public void WriteTo(ScratchFolder folder, torch.ScalarType type = torch.ScalarType.Float32)
    {
        using var scope = torch.NewDisposeScope();
        File.WriteAllText(folder["config.json"], Config.ToJsonString());
        using var stream = File.Create(folder["model.safetensors"]);
        Safetensors.Write(stream, _tensors.Select(t => (t.Key, torch.tensor(t.Value.Numbers).view(t.Value.Shape).to(type))));
    }

    private void MakeLlamaLike(
        string type, int layers, int vocabulary, int hidden, int heads, int keyHeads, int headSize, int feedForward, bool tied)
    {
        var bias = Pick(0, 1) == 1;
        var biased = (QueryKeyValue: type == "qwen2" || (type is "llama" or "qwen3" && bias), Output: type is "llama" or "qwen3" && bias, FeedForward: type == "llama" && bias);
        Config = new JsonObject
        {
            ["model_type"] = type,
            ["hidden_act"] = "silu",
            ["vocab_size"] = vocabulary,
            ["hidden_size"] = hidden,
            ["num_hidden_layers"] = layers,
            ["num_attention_heads"] = heads,
            ["num_key_value_heads"] = keyHeads,
            ["head_dim"] = headSize,
            ["intermediate_size"] = feedForward,
            ["max_position_embeddings"] = Context,
            ["rms_norm_eps"] = 1e-5,
            ["tie_word_embeddings"] = tied,
            ["attention_bias"] = biased.Output,
            ["mlp_bias"] = biased.FeedForward,
            ["rope_parameters"] = Pick(0, 1) == 0
                ? new JsonObject { ["rope_type"] = "default", ["rope_theta"] = 5000.0 }
                : new JsonObject { ["rope_type"] = "linear", ["rope_theta"] = 20_000.0, ["factor"] = 2.5 },
        };
        if (type != "llama" && Pick(0, 1, 1) == 1)
        {
            Config["sliding_window"] = Pick(1, 4, 9, 70);
            if (type != "mistral")
            {
                Config["use_sliding_window"] = true;
                Config["layer_types"] = new JsonArray([.. Enumerable.Range(0, layers).Select(l => (JsonNode)(l % 2 == 0 ? "sliding_attention" : "full_attention"))]);
            }
        }
        Matrix("model.embed_tokens", vocabulary, hidden);
        for (var l = 0; l < layers; l++)
        {
            var layer = $"model.layers.{l}.";
            Weights(layer + "input_layernorm", hidden);
            Matrix(layer + "self_attn.q_proj", heads * headSize, hidden, biased.QueryKeyValue);
            Matrix(layer + "self_attn.k_proj", keyHeads * headSize, hidden, biased.QueryKeyValue);
            Matrix(layer + "self_attn.v_proj", keyHeads * headSize, hidden, biased.QueryKeyValue);
            Matrix(layer + "self_attn.o_proj", hidden, heads * headSize, biased.Output);
            if (type == "qwen3")
            {
                Weights(layer + "self_attn.q_norm", headSize);
                Weights(layer + "self_attn.k_norm", headSize);
            }
            Weights(layer + "post_attention_layernorm", hidden);
            Matrix(layer + "mlp.gate_proj", feedForward, hidden, biased.FeedForward);
            Matrix(layer + "mlp.up_proj", feedForward, hidden, biased.FeedForward);
            Matrix(layer + "mlp.down_proj", hidden, feedForward, biased.FeedForward);
        }
        Weights("model.norm", hidden);
        if (!tied)
            Matrix("lm_head", vocabulary, hidden);
    }

    private void MakeGpt2(int layers, int vocabulary, int hidden, int heads, int feedForward)
    {
        Config = new JsonObject
        {
            ["model_type"] = "gpt2",
            ["activation_function"] = "gelu_new",
            ["vocab_size"] = vocabulary,
            ["n_embd"] = hidden,
            ["n_layer"] = layers,
            ["n_head"] = heads,
            ["n_inner"] = feedForward,
            ["n_positions"] = Context,
            ["layer_norm_epsilon"] = 1e-5,
            ["eos_token_id"] = 50256,
        };
        Matrix("transformer.wte", vocabulary, hidden);
        Matrix("transformer.wpe", Context, hidden);
        for (var l = 0; l < layers; l++)
        {
            var layer = $"transformer.h.{l}.";
            Weights(layer + "ln_1", hidden, bias: true);
            Matrix(layer + "attn.c_attn", hidden, 3 * hidden, bias: true, outputs: 3 * hidden);
            Matrix(layer + "attn.c_proj", hidden, hidden, bias: true);
            Weights(layer + "ln_2", hidden, bias: true);
            Matrix(layer + "mlp.c_fc", hidden, feedForward, bias: true, outputs: feedForward);
            Matrix(layer + "mlp.c_proj", feedForward, hidden, bias: true, outputs: hidden);
        }
        Weights("transformer.ln_f", hidden, bias: true);
    }

    private void MakeChatGlm(int layers, int vocabulary, int hidden, int heads, int keyHeads, int headSize, int feedForward)
    {
        var (few, allBiases, bias) = (Pick(0, 1, 1) == 1, Pick(0, 1) == 1, Pick(0, 1, 1) == 1);
        Config = new JsonObject
        {
            ["model_type"] = "chatglm",
            ["padded_vocab_size"] = vocabulary,
            ["hidden_size"] = hidden,
            ["num_layers"] = layers,
            ["num_attention_heads"] = heads,
            ["kv_channels"] = headSize,
            ["ffn_hidden_size"] = feedForward,
            ["seq_length"] = Context,
            ["layernorm_epsilon"] = 1e-5,
            ["rmsnorm"] = true,
            ["multi_query_attention"] = few,
            ["multi_query_group_num"] = keyHeads,
            ["add_qkv_bias"] = bias,
            ["add_bias_linear"] = allBiases,
            ["rope_ratio"] = Pick(1, 3) * 1.0,
        };
        Matrix("transformer.embedding.word_embeddings", vocabulary, hidden);
        for (var l = 0; l < layers; l++)
        {
            var layer = $"transformer.encoder.layers.{l}.";
            Weights(layer + "input_layernorm", hidden);
            Matrix(layer + "self_attention.query_key_value", (heads + 2 * (few ? keyHeads : heads)) * headSize, hidden, bias || allBiases);
            Matrix(layer + "self_attention.dense", hidden, heads * headSize, allBiases);
            Weights(layer + "post_attention_layernorm", hidden);
            Matrix(layer + "mlp.dense_h_to_4h", 2 * feedForward, hidden, allBiases);
            Matrix(layer + "mlp.dense_4h_to_h", hidden, feedForward, allBiases);
        }
        Weights("transformer.encoder.final_layernorm", hidden);
        Matrix("transformer.output_layer", vocabulary, hidden);
    }

    private void Matrix(string name, int rows, int columns, bool bias = false, int? outputs = null)
    {
        _tensors[name + ".weight"] = ([rows, columns], Numbers(rows * columns, centre: 0, 1.2 / Math.Sqrt(columns)));
        if (bias)
            _tensors[name + ".bias"] = ([outputs ?? rows], Numbers(outputs ?? rows, centre: 0, 0.2));
    }

    private void Weights(string norm, int size, bool bias = false)
    {
        _tensors[norm + ".weight"] = ([size], Numbers(size, centre: 1, 0.2));
        if (bias)
            _tensors[norm + ".bias"] = ([size], Numbers(size, centre: 0, 0.2));
    }

    private float[] Numbers(int count, double centre, double width) =>
        [.. Enumerable.Range(0, count).Select(_ => (float)(centre + width * (2 * _random.NextDouble() - 1) * 1.7))];

    private int Pick(params int[] choices) => choices[_random.Next(choices.Length)];
}
