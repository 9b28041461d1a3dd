using System.Text.RegularExpressions;
using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.Language.Files;

/// <summary>A language model in a folder as Hugging Face lays it out: <c>config.json</c> and <c>model.safetensors</c>.</summary>
internal static class HuggingFaceModel
{
    private const string Llama = "llama";

    public static ModelFiles Open(string folder)
    {
        var config = Config(JsonSettings.Read(Path.Combine(folder, "config.json")));
        var weights = Path.Combine(folder, "model.safetensors");
        if (!File.Exists(weights) && File.Exists(weights + ".index.json"))
        {
            throw new Llm4MsrException(FaultKind.BadInput, $"The weights of '{folder}' are split over several files, which is not supported. "
                + "Save the model as one model.safetensors.");
        }
        return new ModelFiles(Path.GetFileName(Path.GetFullPath(folder)), config, new Weights(SafetensorsFile.Open(weights)), Tokenizer: null, ChatTemplate: null);
    }

    private static ModelConfig Config(JsonSettings settings)
    {
        settings.Require("model_type", Llama);
        settings.Require("hidden_act", "silu");
        settings.RequireFalse("attention_bias");
        settings.RequireFalse("mlp_bias");
        settings.RequireAbsent("quantization_config");
        var hidden = settings.Size("hidden_size");
        var heads = settings.Size("num_attention_heads");
        var headSize = settings.Size("head_dim", hidden / heads);
        return new ModelConfig(
            Llama,
            settings.Size("vocab_size"),
            hidden,
            settings.Size("num_hidden_layers"),
            heads,
            settings.Size("num_key_value_heads", heads),
            headSize,
            settings.Size("intermediate_size"),
            settings.Size("max_position_embeddings"),
            (float)settings.Number("rms_norm_eps", 1e-6),
            Frequencies(settings, headSize),
            settings.Flag("tie_word_embeddings", otherwise: false),
            settings.Integers("eos_token_id")).Checked(settings.Path);
    }

    /// <summary>Current files have <c>rope_parameters</c>; older ones <c>rope_theta</c> and, where it is stretched, <c>rope_scaling</c>.</summary>
    private static float[] Frequencies(JsonSettings settings, int headSize)
    {
        var rope = settings.Inner("rope_parameters") ?? settings.Inner("rope_scaling");
        var theta = settings.Number("rope_theta", 10_000);
        var frequencies = RotaryFrequencies.Of(headSize, rope?.Number("rope_theta", theta) ?? theta);
        return rope?.Text("rope_type", rope.Text("type", "default")) switch
        {
            null or "default" => frequencies,
            "llama3" => RotaryFrequencies.Llama3(
                frequencies, rope.Number("factor"), rope.Number("low_freq_factor"), rope.Number("high_freq_factor"),
                rope.Number("original_max_position_embeddings")),
            var other => throw settings.Unsupported("rope_type", other, "'default', 'llama3'"),
        };
    }

    private sealed class Weights : IWeights
    {
        private readonly SafetensorsFile _file;
        private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);

        public Weights(SafetensorsFile file)
        {
            _file = file;
            foreach (var name in file.Entries.Keys)
            {
                // Old checkpoints carry the rotary frequencies; the configuration has them already.
                if (!name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal) && !_names.TryAdd(NameInGguf(name), name))
                    throw new Llm4MsrException(FaultKind.Damaged, $"'{Path}' holds '{name}' under two names. Get the model again.");
            }
        }

        public string Path => _file.Path;

        public IReadOnlyCollection<string> Names => _names.Keys;

        public long[] ShapeOf(string name) => _file.Entry(_names[name]).Shape;

        public Tensor Read(string name)
        {
            var entry = _file.Entry(_names[name]);
            if (entry.Type is not ("F32" or "F16" or "BF16"))
            {
                throw new Llm4MsrException(FaultKind.BadInput, $"Tensor '{entry.Name}' of '{Path}' is stored as {entry.Type}, which is not read. "
                    + "Read are: F32, F16, BF16.");
            }
            using var stored = _file.Read(entry.Name);
            return stored.to(torch.ScalarType.Float32, copy: true);
        }

        public void Dispose() => _file.Dispose();

        private static string NameInGguf(string name)
        {
            var layer = Regex.Match(name, @"^model\.layers\.(\d+)\.(.+)$", RegexOptions.CultureInvariant);
            return layer.Success ? $"blk.{layer.Groups[1]}.{InLayer(layer.Groups[2].Value)}" : name switch
            {
                "model.embed_tokens.weight" => "token_embd.weight",
                "model.norm.weight" => "output_norm.weight",
                "lm_head.weight" => "output.weight",
                _ => name,
            };
        }

        private static string InLayer(string name) => name switch
        {
            "input_layernorm.weight" => "attn_norm.weight",
            "self_attn.q_proj.weight" => "attn_q.weight",
            "self_attn.k_proj.weight" => "attn_k.weight",
            "self_attn.v_proj.weight" => "attn_v.weight",
            "self_attn.o_proj.weight" => "attn_output.weight",
            "post_attention_layernorm.weight" => "ffn_norm.weight",
            "mlp.gate_proj.weight" => "ffn_gate.weight",
            "mlp.up_proj.weight" => "ffn_up.weight",
            "mlp.down_proj.weight" => "ffn_down.weight",
            _ => name,
        };
    }
}
