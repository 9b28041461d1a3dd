using System.Globalization;
using System.Text.Json;
using Llm4Msr.Language.Tests.Tokenization;
using Llm4Msr.Platform;
using Llm4Msr.Testing;
using TorchSharp;

namespace Llm4Msr.Language.Tests.Files;

/// <summary>A tiny golden checkpoint as a GGUF file, written as llama.cpp's converter writes it.</summary>
internal static class TinyGguf
{
    public static GgufWriter Of(string name)
    {
        var config = JsonDocument.Parse(File.ReadAllText(TestFiles.Golden(name, "config.json"))).RootElement;
        uint Size(string key) => config.GetProperty(key).GetUInt32();
        uint heads = Size("num_attention_heads"), keyHeads = Size("num_key_value_heads");
        var writer = new GgufWriter()
            .Set("general.architecture", "llama")
            .Set("general.name", $"tiny {name}")
            .Set("llama.block_count", Size("num_hidden_layers"))
            .Set("llama.context_length", Size("max_position_embeddings"))
            .Set("llama.embedding_length", Size("hidden_size"))
            .Set("llama.feed_forward_length", Size("intermediate_size"))
            .Set("llama.attention.head_count", heads)
            .Set("llama.attention.head_count_kv", keyHeads)
            .Set("llama.rope.dimension_count", Size("head_dim"))
            .Set("llama.rope.freq_base", config.GetProperty("rope_parameters").GetProperty("rope_theta").GetSingle())
            .Set("llama.attention.layer_norm_rms_epsilon", config.GetProperty("rms_norm_eps").GetSingle())
            .Set("tokenizer.ggml.eos_token_id", Size("eos_token_id"));

        using var weights = SafetensorsFile.Open(TestFiles.Golden(name, "model.safetensors"));
        foreach (var entry in weights.Entries.Values)
        {
            using var scope = torch.NewDisposeScope();
            var tensor = weights.Read(entry.Name);
            if (entry.Name.Contains("q_proj", StringComparison.Ordinal))
                tensor = PairsSideBySide(tensor, heads);
            if (entry.Name.Contains("k_proj", StringComparison.Ordinal))
                tensor = PairsSideBySide(tensor, keyHeads);
            writer.Add(NameInGguf(entry.Name), entry.Shape, tensor.data<float>().ToArray());
        }
        return writer;
    }

    /// <summary>The tokenizer of golden/tokenizers/smollm, filled up to the vocabulary of the tiny checkpoints.</summary>
    public static GgufWriter WithTokenizer(this GgufWriter writer)
    {
        var content = TokenizerJson.Read("smollm");
        // 320 of its 900 tokens: the bytes and the first merges, with the three special ones.
        return writer
            .Set("tokenizer.ggml.model", "gpt2")
            .Set("tokenizer.ggml.pre", "smollm")
            .Set("tokenizer.ggml.tokens", content.Tokens.Take(320).ToArray())
            .Set("tokenizer.ggml.token_type", Enumerable.Range(0, 320).Select(i => i < 3 ? 3 : 1).ToArray())
            .Set("tokenizer.ggml.merges", content.Merges.Take(320 - 3 - 256).ToArray());
    }

    private static torch.Tensor PairsSideBySide(torch.Tensor weight, long heads)
    {
        var (rows, columns) = (weight.shape[0], weight.shape[1]);
        return weight.view(heads, 2, rows / heads / 2, columns).transpose(1, 2).reshape(rows, columns).contiguous();
    }

    private static string NameInGguf(string name)
    {
        if (!name.StartsWith("model.layers.", StringComparison.Ordinal))
        {
            return name switch
            {
                "model.embed_tokens.weight" => "token_embd.weight",
                "model.norm.weight" => "output_norm.weight",
                _ => "output.weight",
            };
        }
        var parts = name.Split('.');
        var part = parts[^2] switch
        {
            "input_layernorm" => "attn_norm",
            "post_attention_layernorm" => "ffn_norm",
            "q_proj" => "attn_q",
            "k_proj" => "attn_k",
            "v_proj" => "attn_v",
            "o_proj" => "attn_output",
            "gate_proj" => "ffn_gate",
            "up_proj" => "ffn_up",
            _ => "ffn_down",
        };
        return string.Create(CultureInfo.InvariantCulture, $"blk.{parts[2]}.{part}.weight");
    }
}
