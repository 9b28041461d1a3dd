namespace Llm4Msr.Language.Files;

/// <summary>What <c>config.json</c> says, as the parts of one decoder.</summary>
internal static class HuggingFaceConfig
{
    public const string Gpt2 = "gpt2";
    public const string ChatGlm = "chatglm";

    private static readonly string[] s_llamaLike = ["llama", "mistral", "qwen2", "qwen3"];

    public static ModelConfig Of(JsonSettings settings)
    {
        settings.RequireAbsent("quantization_config");
        var type = settings.Text("model_type", "");
        var config = type switch
        {
            Gpt2 => OfGpt2(settings),
            ChatGlm => OfChatGlm(settings),
            _ when s_llamaLike.Contains(type) => OfLlamaLike(settings, type),
            _ => throw settings.Unsupported("model_type", type, string.Join(", ", s_llamaLike.Append(Gpt2).Append(ChatGlm).Select(t => $"'{t}'"))),
        };
        // A default of transformers may lie outside a small vocabulary: then nothing ends an answer early.
        return (config with { EndTokens = [.. config.EndTokens.Where(token => token >= 0 && token < config.VocabularySize)] }).Checked(settings.Path);
    }

    /// <summary>Llama and those that changed one part of it: a window, biases, norms of queries and keys.</summary>
    private static ModelConfig OfLlamaLike(JsonSettings settings, string type)
    {
        settings.Require("hidden_act", "silu");
        var hidden = settings.Size("hidden_size");
        var heads = settings.Size("num_attention_heads");
        var headSize = settings.Size("head_dim", Math.Max(1, hidden / heads));
        var layers = settings.Size("num_hidden_layers");
        var attentionBias = settings.Flag("attention_bias", otherwise: false);
        return new ModelConfig(
            type,
            settings.Size("vocab_size"),
            hidden,
            layers,
            heads,
            settings.Size("num_key_value_heads", heads),
            headSize,
            settings.Size("intermediate_size"),
            settings.Size("max_position_embeddings"),
            (float)settings.Number("rms_norm_eps", 1e-6),
            Frequencies(settings, headSize),
            settings.Flag("tie_word_embeddings", otherwise: false),
            settings.Integers("eos_token_id"))
        {
            Biases = (type == "qwen2" ? Biases.QueryKeyValue : attentionBias && type != "mistral" ? Biases.QueryKeyValue | Biases.AttentionOutput : Biases.None)
                | (type == "llama" && settings.Flag("mlp_bias", otherwise: false) ? Biases.FeedForward : Biases.None),
            QueryKeyNorm = type == "qwen3",
            Windows = type == "llama" ? [] : Windows(settings, type, layers),
        };
    }

    /// <summary>
    /// A list of layer types where the file has one. Without it Mistral's window is every layer's; Qwen's is switched on
    /// by a flag and leaves the first layers out.
    /// </summary>
    private static IReadOnlyList<int?> Windows(JsonSettings settings, string type, int layers)
    {
        var on = type == "mistral" || settings.Flag("use_sliding_window", otherwise: false);
        int? window = on && settings.Has("sliding_window") ? settings.Size("sliding_window") : null;
        if (window is null)
            return [];
        if (settings.Texts("layer_types") is { } types)
        {
            return [.. types.Select(layer => layer switch
            {
                "full_attention" => (int?)null,
                "sliding_attention" => window,
                _ => throw settings.Unsupported("layer_types", layer, "'full_attention', 'sliding_attention'"),
            })];
        }
        if (layers > ModelConfig.MostLayers)
            return []; // refused in a moment
        var first = type == "mistral" ? 0 : settings.Number("max_window_layers", 28);
        return [.. Enumerable.Range(0, layers).Select(layer => layer < first ? null : window)];
    }

    private static ModelConfig OfGpt2(JsonSettings settings)
    {
        settings.RequireFalse("scale_attn_by_inverse_layer_idx");
        settings.RequireFalse("add_cross_attention");
        if (!settings.Flag("scale_attn_weights", otherwise: true))
            throw settings.Unsupported("scale_attn_weights", "false", "true");
        var hidden = settings.Size("n_embd");
        var heads = settings.Size("n_head");
        var activation = settings.Text("activation_function", "gelu_new");
        return new ModelConfig(
            Gpt2,
            settings.Size("vocab_size"),
            hidden,
            settings.Size("n_layer"),
            heads,
            heads,
            Math.Max(1, hidden / heads),
            settings.Size("n_inner", Math.Min(ModelConfig.LargestSize, 4 * hidden)),
            settings.Size("n_positions"),
            (float)settings.Number("layer_norm_epsilon", 1e-5),
            RotaryFrequencies: [],
            settings.Flag("tie_word_embeddings", otherwise: true),
            settings.Integers("eos_token_id"))
        {
            Norm = NormKind.LayerNorm,
            FeedForward = activation switch
            {
                "gelu_new" or "gelu_pytorch_tanh" or "gelu_fast" => FeedForwardKind.GeluTanh,
                "gelu" => FeedForwardKind.Gelu,
                _ => throw settings.Unsupported("activation_function", activation, "'gelu_new', 'gelu_pytorch_tanh', 'gelu_fast', 'gelu'"),
            },
            Biases = Biases.QueryKeyValue | Biases.AttentionOutput | Biases.FeedForward,
        };
    }

    /// <summary>ChatGLM2 and 3: RMSNorm, half of each head rotated in pairs that lie side by side, few key/value heads.</summary>
    private static ModelConfig OfChatGlm(JsonSettings settings)
    {
        settings.RequireFalse("apply_residual_connection_post_layernorm");
        foreach (var key in new[] { "rmsnorm", "post_layer_norm" })
        {
            if (!settings.Flag(key, otherwise: true))
                throw settings.Unsupported(key, "false", "true");
        }
        var heads = settings.Size("num_attention_heads");
        var hidden = settings.Size("hidden_size");
        var headSize = settings.Size("kv_channels", Math.Max(1, hidden / heads));
        var fewKeys = settings.Flag("multi_query_attention", otherwise: false);
        var allBiases = settings.Flag("add_bias_linear", otherwise: false);
        if (headSize % 4 != 0)
            throw settings.Unsupported("kv_channels", $"{headSize}", "multiples of 4: half of a head is rotated in pairs");
        return new ModelConfig(
            ChatGlm,
            settings.Size("padded_vocab_size"),
            hidden,
            settings.Size("num_layers"),
            heads,
            fewKeys ? settings.Size("multi_query_group_num", 1) : heads,
            headSize,
            settings.Size("ffn_hidden_size"),
            settings.Size("seq_length"),
            (float)settings.Number("layernorm_epsilon", 1e-5),
            RotaryFrequencies.Of(headSize / 2, 10_000 * settings.Number("rope_ratio", 1)),
            settings.Flag("tie_word_embeddings", otherwise: false),
            settings.Integers("eos_token_id"))
        {
            QueryKeyValueByHead = !fewKeys,
            Biases = allBiases ? Biases.QueryKeyValue | Biases.AttentionOutput | Biases.FeedForward
                : settings.Flag("add_qkv_bias", otherwise: false) ? Biases.QueryKeyValue : Biases.None,
        };
    }

    /// <summary>Current files have <c>rope_parameters</c>; older ones <c>rope_theta</c> and, where it is stretched, <c>rope_scaling</c>.</summary>
    private static float[] Frequencies(JsonSettings settings, int headSize)
    {
        var rope = settings.Inner("rope_parameters") ?? settings.Inner("rope_scaling");
        var theta = settings.Number("rope_theta", 10_000);
        if ((rope?.Number("partial_rotary_factor", 1) ?? 1) * settings.Number("partial_rotary_factor", 1) != 1)
            throw settings.Unsupported("partial_rotary_factor", "...", "1");
        var frequencies = RotaryFrequencies.Of(headSize, rope?.Number("rope_theta", theta) ?? theta);
        return rope?.Text("rope_type", rope.Text("type", "default")) switch
        {
            null or "default" => frequencies,
            "linear" => RotaryFrequencies.Linear(frequencies, rope.Number("factor")),
            "llama3" => RotaryFrequencies.Llama3(
                frequencies, rope.Number("factor"), rope.Number("low_freq_factor"), rope.Number("high_freq_factor"),
                rope.Number("original_max_position_embeddings")),
            var other => throw settings.Unsupported("rope_type", other, "'default', 'linear', 'llama3'"),
        };
    }
}
