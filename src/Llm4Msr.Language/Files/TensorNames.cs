using System.Globalization;
using System.Text.RegularExpressions;

namespace Llm4Msr.Language.Files;

/// <summary>What Hugging Face checkpoints call the tensors that GGUF calls otherwise.</summary>
internal static partial class TensorNames
{
    /// <returns>Null for a tensor that the decoder knows already or has no use for: rotary frequencies, masks.</returns>
    public static string? InGguf(string name, string architecture) => architecture switch
    {
        HuggingFaceConfig.Gpt2 => OfGpt2(WithoutPrefix(name, "transformer.")),
        HuggingFaceConfig.ChatGlm => OfChatGlm(WithoutPrefix(name, "transformer.")),
        _ => OfLlama(name),
    };

    private static string? OfLlama(string name) =>
        name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal) ? null : InLayer(name, "model.layers.", part => part switch
        {
            "input_layernorm" => "attn_norm",
            "self_attn.q_proj" => "attn_q",
            "self_attn.k_proj" => "attn_k",
            "self_attn.v_proj" => "attn_v",
            "self_attn.q_norm" => "attn_q_norm",
            "self_attn.k_norm" => "attn_k_norm",
            "self_attn.o_proj" => "attn_output",
            "post_attention_layernorm" => "ffn_norm",
            "mlp.gate_proj" => "ffn_gate",
            "mlp.up_proj" => "ffn_up",
            "mlp.down_proj" => "ffn_down",
            _ => null,
        }) ?? name switch
        {
            "model.embed_tokens.weight" => "token_embd.weight",
            "model.norm.weight" => "output_norm.weight",
            "lm_head.weight" => "output.weight",
            _ => name,
        };

    private static string? OfGpt2(string name) =>
        Mask().IsMatch(name) ? null : InLayer(name, "h.", part => part switch
        {
            "ln_1" => "attn_norm",
            "attn.c_attn" => "attn_qkv",
            "attn.c_proj" => "attn_output",
            "ln_2" => "ffn_norm",
            "mlp.c_fc" => "ffn_up",
            "mlp.c_proj" => "ffn_down",
            _ => null,
        }) ?? name switch
        {
            "wte.weight" => "token_embd.weight",
            "wpe.weight" => "position_embd.weight",
            "ln_f.weight" => "output_norm.weight",
            "ln_f.bias" => "output_norm.bias",
            "lm_head.weight" => "output.weight",
            _ => name,
        };

    private static string? OfChatGlm(string name) =>
        name == "rotary_pos_emb.inv_freq" ? null : InLayer(name, "encoder.layers.", part => part switch
        {
            "input_layernorm" => "attn_norm",
            "self_attention.query_key_value" => "attn_qkv",
            "self_attention.dense" => "attn_output",
            "post_attention_layernorm" => "ffn_norm",
            "mlp.dense_h_to_4h" => "ffn_gate_up",
            "mlp.dense_4h_to_h" => "ffn_down",
            _ => null,
        }) ?? name switch
        {
            "embedding.word_embeddings.weight" => "token_embd.weight",
            "encoder.final_layernorm.weight" => "output_norm.weight",
            "output_layer.weight" => "output.weight",
            _ => name,
        };

    /// <summary>"PREFIX7.PART.weight" as "blk.7.NAME.weight", or null.</summary>
    private static string? InLayer(string name, string prefix, Func<string, string?> nameOfPart)
    {
        if (!name.StartsWith(prefix, StringComparison.Ordinal))
            return null;
        var match = LayerPart().Match(name, prefix.Length);
        return match.Success && nameOfPart(match.Groups["part"].Value) is { } part
            ? string.Create(CultureInfo.InvariantCulture, $"blk.{match.Groups["layer"]}.{part}.{match.Groups["kind"]}")
            : null;
    }

    private static string WithoutPrefix(string name, string prefix) =>
        name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..] : name;

    [GeneratedRegex(@"\G(?<layer>[0-9]+)\.(?<part>[a-z0-9_.]+)\.(?<kind>weight|bias)\z", RegexOptions.CultureInvariant)]
    private static partial Regex LayerPart();

    /// <summary>Causal masks that old checkpoints of GPT-2 carry among the weights.</summary>
    [GeneratedRegex(@"^h\.[0-9]+\.attn\.(?:masked_)?bias\z", RegexOptions.CultureInvariant)]
    private static partial Regex Mask();
}
