using System.Text.Json.Nodes;

namespace Llm4Msr.Language.Tests.Decoding;

/// <summary>
/// A decoder of one prompt in double precision, written from the papers as plainly as can be: every token again for every
/// state, every head by itself, no cache. It reads the names and settings of Hugging Face.
/// </summary>
internal sealed class ReferenceDecoder(JsonObject config, IReadOnlyDictionary<string, (long[] Shape, float[] Numbers)> tensors)
{
    private readonly string _type = config["model_type"]!.GetValue<string>();

    private int Heads => Size("num_attention_heads", "n_head");

    private int HeadSize => Has("head_dim") ? Size("head_dim") : _type == "chatglm" ? Size("kv_channels") : Size("hidden_size", "n_embd") / Heads;

    private int KeyHeads => _type switch
    {
        "gpt2" => Heads,
        "chatglm" => Is("multi_query_attention") ? Size("multi_query_group_num") : Heads,
        _ => Size("num_key_value_heads"),
    };

    /// <returns>The state of the last token: after layer <paramref name="layer"/>, or after the final norm.</returns>
    public double[] State(int[] ids, int? layer = null)
    {
        var x = ids.Select((id, position) => Embed(id, position)).ToArray();
        var layers = Size("num_hidden_layers", "n_layer", "num_layers");
        for (var l = 0; l < (layer ?? layers); l++)
            x = Layer(x, l);
        return layer is null ? Norm(x[^1], _type switch { "gpt2" => "transformer.ln_f", "chatglm" => "transformer.encoder.final_layernorm", _ => "model.norm" }) : x[^1];
    }

    public int Next(double[] state)
    {
        var head = tensors.ContainsKey("lm_head.weight") ? "lm_head" : _type switch
        {
            "gpt2" => "transformer.wte",
            "chatglm" => "transformer.output_layer",
            _ => "model.embed_tokens",
        };
        var logits = Product(state, head + ".weight", inputsFirst: false);
        return Array.IndexOf(logits, logits.Max());
    }

    private double[] Embed(int id, int position) => _type switch
    {
        "gpt2" => Sum(Row("transformer.wte.weight", id), Row("transformer.wpe.weight", position)),
        "chatglm" => Row("transformer.embedding.word_embeddings.weight", id),
        _ => Row("model.embed_tokens.weight", id),
    };

    private double[][] Layer(double[][] x, int l)
    {
        var (name, attentionNorm, output, feedForwardNorm) = _type switch
        {
            "gpt2" => ($"transformer.h.{l}.", "ln_1", "attn.c_proj", "ln_2"),
            "chatglm" => ($"transformer.encoder.layers.{l}.", "input_layernorm", "self_attention.dense", "post_attention_layernorm"),
            _ => ($"model.layers.{l}.", "input_layernorm", "self_attn.o_proj", "post_attention_layernorm"),
        };
        var heads = x.Select((token, position) => QueriesKeysValues(Norm(token, name + attentionNorm), name, position)).ToArray();
        return [.. x.Select((token, position) =>
        {
            var attended = Attend(heads, position, Window(l));
            var middle = Sum(token, Linear(attended, name + output));
            return Sum(middle, FeedForward(Norm(middle, name + feedForwardNorm), name));
        })];
    }

    private (double[][] Q, double[][] K, double[][] V) QueriesKeysValues(double[] x, string layer, int position)
    {
        double[][] q, k, v;
        if (_type == "chatglm" && !Is("multi_query_attention"))
        {
            var all = Split(Linear(x, layer + "self_attention.query_key_value"));
            (q, k, v) = ([.. all.Where((_, i) => i % 3 == 0)], [.. all.Where((_, i) => i % 3 == 1)], [.. all.Where((_, i) => i % 3 == 2)]);
        }
        else if (_type is "gpt2" or "chatglm")
        {
            var all = Split(Linear(x, layer + (_type == "gpt2" ? "attn.c_attn" : "self_attention.query_key_value")));
            (q, k, v) = (all[..Heads], all[Heads..(Heads + KeyHeads)], all[(Heads + KeyHeads)..]);
        }
        else
        {
            (q, k, v) = (Split(Linear(x, layer + "self_attn.q_proj")), Split(Linear(x, layer + "self_attn.k_proj")), Split(Linear(x, layer + "self_attn.v_proj")));
        }
        if (_type == "qwen3")
            (q, k) = ([.. q.Select(h => Norm(h, layer + "self_attn.q_norm"))], [.. k.Select(h => Norm(h, layer + "self_attn.k_norm"))]);
        return ([.. q.Select(h => Rotate(h, position))], [.. k.Select(h => Rotate(h, position))], v);
    }

    private double[] Rotate(double[] head, int position)
    {
        if (_type == "gpt2")
            return head;
        var turned = head.ToArray();
        var rotated = _type == "chatglm" ? head.Length / 2 : head.Length;
        var rope = config["rope_parameters"];
        var theta = rope?["rope_theta"]?.GetValue<double>() ?? 10_000 * (config["rope_ratio"]?.GetValue<double>() ?? 1);
        for (var i = 0; i < rotated / 2; i++)
        {
            var angle = position / Math.Pow(theta, 2.0 * i / rotated) / (rope?["factor"]?.GetValue<double>() ?? 1);
            var (a, b) = _type == "chatglm" ? (2 * i, 2 * i + 1) : (i, i + rotated / 2);
            turned[a] = head[a] * Math.Cos(angle) - head[b] * Math.Sin(angle);
            turned[b] = head[b] * Math.Cos(angle) + head[a] * Math.Sin(angle);
        }
        return turned;
    }

    private double[] Attend((double[][] Q, double[][] K, double[][] V)[] tokens, int position, int window)
    {
        var first = Math.Max(0, position - window + 1);
        return [.. Enumerable.Range(0, Heads).SelectMany(h =>
        {
            var keyHead = h / (Heads / KeyHeads);
            var scores = Enumerable.Range(first, position - first + 1)
                .Select(t => Math.Exp(Dot(tokens[position].Q[h], tokens[t].K[keyHead]) / Math.Sqrt(HeadSize))).ToArray();
            var sum = scores.Sum();
            return Enumerable.Range(0, HeadSize).Select(d => scores.Select((s, t) => s / sum * tokens[first + t].V[keyHead][d]).Sum());
        })];
    }

    private double[] FeedForward(double[] x, string layer)
    {
        if (_type == "gpt2")
            return Linear([.. Linear(x, layer + "mlp.c_fc").Select(Gelu)], layer + "mlp.c_proj");
        var (gate, up) = _type == "chatglm"
            ? Linear(x, layer + "mlp.dense_h_to_4h") is var both ? (both[..(both.Length / 2)], both[(both.Length / 2)..]) : default
            : (Linear(x, layer + "mlp.gate_proj"), Linear(x, layer + "mlp.up_proj"));
        return Linear([.. gate.Zip(up, (g, u) => g / (1 + Math.Exp(-g)) * u)], layer + (_type == "chatglm" ? "mlp.dense_4h_to_h" : "mlp.down_proj"));
    }

    private static double Gelu(double x) => x / 2 * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));

    private int Window(int l)
    {
        var types = config["layer_types"]?.AsArray();
        return _type is "llama" or "gpt2" or "chatglm" || config["sliding_window"] is null || (types is not null && types[l]!.GetValue<string>() == "full_attention")
            ? int.MaxValue / 2
            : Size("sliding_window");
    }

    private double[] Norm(double[] x, string name)
    {
        var epsilon = config["rms_norm_eps"] ?? config["layer_norm_epsilon"] ?? config["layernorm_epsilon"];
        var weight = tensors[name + ".weight"].Numbers;
        var mean = _type == "gpt2" ? x.Average() : 0;
        var scale = 1 / Math.Sqrt(x.Average(n => (n - mean) * (n - mean)) + epsilon!.GetValue<double>());
        return [.. x.Select((n, i) => (n - mean) * scale * weight[i] + (_type == "gpt2" ? tensors[name + ".bias"].Numbers[i] : 0))];
    }

    private double[] Linear(double[] x, string name)
    {
        var y = Product(x, name + ".weight", inputsFirst: _type == "gpt2");
        return tensors.TryGetValue(name + ".bias", out var bias) ? [.. y.Select((n, i) => n + bias.Numbers[i])] : y;
    }

    private double[] Product(double[] x, string name, bool inputsFirst)
    {
        var (shape, w) = tensors[name];
        var outputs = inputsFirst ? (int)shape[1] : (int)shape[0];
        return [.. Enumerable.Range(0, outputs).Select(o => x.Select((n, i) => n * w[inputsFirst ? i * outputs + o : o * x.Length + i]).Sum())];
    }

    private double[] Row(string name, int row)
    {
        var (shape, numbers) = tensors[name];
        return [.. numbers.Skip(row * (int)shape[1]).Take((int)shape[1]).Select(n => (double)n)];
    }

    private double[][] Split(double[] x) => [.. x.Chunk(HeadSize)];

    private static double Dot(double[] a, double[] b) => a.Zip(b, (m, n) => m * n).Sum();

    private static double[] Sum(double[] a, double[] b) => [.. a.Zip(b, (m, n) => m + n)];

    private bool Has(string key) => config[key] is not null;

    private bool Is(string key) => config[key]?.GetValue<bool>() == true;

    private int Size(params string[] keys) => config[keys.First(k => config[k] is not null)]!.GetValue<int>();
}
