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
        if (name == "gpt2")
            return OfGpt2();
        var config = JsonDocument.Parse(File.ReadAllText(TestFiles.Golden(name, "config.json"))).RootElement;
        uint Size(string key) => config.GetProperty(key).GetUInt32();
        uint heads = Size("num_attention_heads"), keyHeads = Size("num_key_value_heads");
        var architecture = name is "qwen2" or "qwen3" ? name : "llama"; // Mistral, too, is called so
        var headSize = config.TryGetProperty("head_dim", out var size) ? size.GetUInt32() : Size("hidden_size") / heads;
        var writer = new GgufWriter()
            .Set("general.architecture", architecture)
            .Set("general.name", $"tiny {name}")
            .Set($"{architecture}.block_count", Size("num_hidden_layers"))
            .Set($"{architecture}.context_length", Size("max_position_embeddings"))
            .Set($"{architecture}.embedding_length", Size("hidden_size"))
            .Set($"{architecture}.feed_forward_length", Size("intermediate_size"))
            .Set($"{architecture}.attention.head_count", heads)
            .Set($"{architecture}.attention.head_count_kv", keyHeads)
            .Set($"{architecture}.rope.freq_base", config.GetProperty("rope_parameters").GetProperty("rope_theta").GetSingle())
            .Set($"{architecture}.attention.layer_norm_rms_epsilon", config.GetProperty("rms_norm_eps").GetSingle());
        if (architecture == "llama")
            writer.Set("llama.rope.dimension_count", headSize);
        if (headSize * heads != Size("hidden_size"))
            writer.Set($"{architecture}.attention.key_length", headSize).Set($"{architecture}.attention.value_length", headSize);
        if (config.GetProperty("eos_token_id") is { ValueKind: JsonValueKind.Number } end)
            writer.Set("tokenizer.ggml.eos_token_id", end.GetUInt32());

        using var weights = SafetensorsFile.Open(TestFiles.Golden(name, "model.safetensors"));
        foreach (var entry in weights.Entries.Values)
        {
            using var scope = torch.NewDisposeScope();
            var tensor = weights.Read(entry.Name);
            if (architecture == "llama" && entry.Name.Contains("q_proj", StringComparison.Ordinal))
                tensor = PairsSideBySide(tensor, heads);
            if (architecture == "llama" && entry.Name.Contains("k_proj", StringComparison.Ordinal))
                tensor = PairsSideBySide(tensor, keyHeads);
            writer.Add(NameInGguf(entry.Name), entry.Shape, tensor.data<float>().ToArray());
        }
        return writer;
    }

    private static GgufWriter OfGpt2()
    {
        var writer = new GgufWriter()
            .Set("general.architecture", "gpt2")
            .Set("gpt2.block_count", 3u)
            .Set("gpt2.context_length", 256u)
            .Set("gpt2.embedding_length", 48u)
            .Set("gpt2.feed_forward_length", 192u)
            .Set("gpt2.attention.head_count", 4u)
            .Set("gpt2.attention.layer_norm_epsilon", 1e-5f);
        using var weights = SafetensorsFile.Open(TestFiles.Golden("gpt2", "model.safetensors"));
        foreach (var entry in weights.Entries.Values)
        {
            using var scope = torch.NewDisposeScope();
            var tensor = weights.Read(entry.Name);
            var parts = entry.Name.Split('.');
            var name = (parts[1], parts[^2]) switch
            {
                ("wte", _) => "token_embd",
                ("wpe", _) => "position_embd",
                ("ln_f", _) => "output_norm",
                (_, "ln_1") => "attn_norm",
                (_, "ln_2") => "ffn_norm",
                (_, "c_attn") => "attn_qkv",
                (_, "c_fc") => "ffn_up",
                _ => parts[3] == "attn" ? "attn_output" : "ffn_down",
            };
            if (tensor.dim() == 2 && parts[1] == "h")
                tensor = tensor.t().contiguous();
            writer.Add($"{(parts[1] == "h" ? $"blk.{parts[2]}." : "")}{name}.{parts[^1]}", tensor.shape, tensor.data<float>().ToArray());
        }
        return writer;
    }

    /// <summary>The tokenizer of golden/tokenizers/smollm, filled up to the vocabulary of the tiny checkpoints.</summary>
    public static GgufWriter WithTokenizer(this GgufWriter writer)
    {
        var content = GoldenTokenizer.Read("smollm");
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
            "q_norm" => "attn_q_norm",
            "k_norm" => "attn_k_norm",
            "q_proj" => "attn_q",
            "k_proj" => "attn_k",
            "v_proj" => "attn_v",
            "o_proj" => "attn_output",
            "gate_proj" => "ffn_gate",
            "up_proj" => "ffn_up",
            _ => "ffn_down",
        };
        return string.Create(CultureInfo.InvariantCulture, $"blk.{parts[2]}.{part}.{parts[^1]}");
    }
}
