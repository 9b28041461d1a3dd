using Llm4Msr.Platform;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch.nn;

namespace Llm4Msr.TrainEmbedded;

/// <summary>
/// A Llama to train: RMSNorm, rotary positions, attention, SwiGLU, tied embedding. The frozen one that is asked later is
/// <c>Llm4Msr.Language</c>'s decoder; names of fields are those of a Hugging Face checkpoint.
/// </summary>
/// <remarks>Letters: B prompts, T tokens, H hidden size, A tokens of answers, V vocabulary.</remarks>
internal sealed class Llama : Module
{
    private readonly LlamaModel model;

    public Llama(ModelShape shape, torch.Generator generator) : base(nameof(Llama))
    {
        model = new LlamaModel(shape);
        RegisterComponents();
        using var noGradient = torch.no_grad();
        foreach (var (name, parameter) in named_parameters())
            parameter.copy_(RandomCopy.Initial(name, parameter.shape, shape.Layers, generator));
    }

    /// <param name="tokens">[B, T], shorter prompts padded at the end.</param>
    /// <param name="answers">Where in B x T the states stand from which tokens of answers follow, [A].</param>
    /// <param name="middle">Where in B x T states after half of the layers are wanted, [M].</param>
    /// <param name="late">Where states before the last layer are wanted, [L].</param>
    /// <returns>Logits of the next token, [A, V]; the states [M, H] and [L, H].</returns>
    public (Tensor Logits, Tensor Middle, Tensor Late) Logits(Tensor tokens, Tensor answers, Tensor middle, Tensor late)
    {
        var states = model.States(tokens, answers, middle, late);
        return (OfTokens(states.Final), states.Middle, states.Late);
    }

    /// <summary>How well states fit each token.</summary>
    public Tensor OfTokens(Tensor states) => functional.linear(states, model.EmbeddingWeight);
}

/// <summary>Reads out of states inside the network what training wants them to hold; left behind when training ends.</summary>
internal sealed class HintHeads : Module
{
    private readonly Norm norm, endNorm;
    private readonly Linear topic, scenario, list, repeats;

    public HintHeads(ModelShape shape) : base(nameof(HintHeads))
    {
        (norm, endNorm) = (new Norm(shape), new Norm(shape));
        (topic, scenario, list, repeats) = (Square(), Square(), Square(), Square());
        RegisterComponents();

        Linear Square() => Linear(shape.Hidden, shape.Hidden, hasBias: false);
    }

    /// <param name="nouns">In the middle, [N, H].</param>
    /// <returns>States that should fit the noun's topic and its scenario, [N, H] each.</returns>
    public (Tensor Topic, Tensor Scenario) OfMiddle(Tensor nouns)
    {
        var x = norm.call(nouns);
        return (topic.call(x), scenario.call(x));
    }

    /// <param name="nouns">Late, [N, H].</param>
    /// <param name="ends">Late, where lists end, [E, H].</param>
    /// <returns>States that should fit whether the noun's topic is repeated, [N, H], and what is liked of the list, [E, H].</returns>
    public (Tensor Repeats, Tensor List) OfLate(Tensor nouns, Tensor ends) => (repeats.call(endNorm.call(nouns)), list.call(endNorm.call(ends)));
}

internal sealed class LlamaModel : Module
{
    private readonly Embedding embed_tokens;
    private readonly ModuleList<LlamaLayer> layers;
    private readonly Norm norm;
    private readonly float[] _frequencies;

    public LlamaModel(ModelShape shape) : base(nameof(LlamaModel))
    {
        embed_tokens = Embedding(shape.Vocabulary, shape.Hidden);
        layers = ModuleList([.. Enumerable.Range(0, shape.Layers).Select(_ => new LlamaLayer(shape))]);
        norm = new Norm(shape);
        _frequencies = [.. Enumerable.Range(0, shape.HeadSize / 2).Select(i => (float)Math.Pow(shape.RotaryBase, -2.0 * i / shape.HeadSize))];
        RegisterComponents();
    }

    public Tensor EmbeddingWeight => embed_tokens.weight!;

    /// <returns>After the final norm, [A, H]; after half of the layers, [M, H]; before the last one, [L, H].</returns>
    public (Tensor Final, Tensor Middle, Tensor Late) States(Tensor tokens, Tensor answers, Tensor middle, Tensor late)
    {
        var rotary = Rotary.UpTo(tokens.shape[1], _frequencies);
        var x = embed_tokens.call(tokens);
        Tensor? inTheMiddle = null;
        for (var l = 0; l < layers.Count - 1; l++)
        {
            x = layers[l].Apply(x, rotary, null);
            if (l + 1 == layers.Count / 2)
                inTheMiddle = x.flatten(0, 1).index_select(0, middle);
        }
        return (norm.call(layers[^1].Apply(x, rotary, answers)), inTheMiddle!, x.flatten(0, 1).index_select(0, late));
    }
}

internal sealed class LlamaLayer : Module
{
    private readonly Norm input_layernorm, post_attention_layernorm;
    private readonly Attention self_attn;
    private readonly FeedForward mlp;

    public LlamaLayer(ModelShape shape) : base(nameof(LlamaLayer))
    {
        input_layernorm = new Norm(shape);
        post_attention_layernorm = new Norm(shape);
        self_attn = new Attention(shape);
        mlp = new FeedForward(shape);
        RegisterComponents();
    }

    /// <param name="wanted">Of which tokens of B x T the states are wanted; null for all.</param>
    /// <returns>[B, T, H]; or [A, H] of those wanted.</returns>
    public Tensor Apply(Tensor x, Rotary rotary, Tensor? wanted)
    {
        x = x.Plus(self_attn.Apply(input_layernorm.call(x), rotary));
        if (wanted is not null)
            x = x.flatten(0, 1).index_select(0, wanted);
        return x.Plus(mlp.call(post_attention_layernorm.call(x)));
    }
}

internal sealed class Attention : Module
{
    private readonly Linear q_proj, k_proj, v_proj, o_proj;
    private readonly long _heads, _headSize;

    public Attention(ModelShape shape) : base(nameof(Attention))
    {
        (q_proj, k_proj, v_proj, o_proj) = (Square(), Square(), Square(), Square());
        (_heads, _headSize) = (shape.Heads, shape.HeadSize);
        RegisterComponents();

        Linear Square() => Linear(shape.Hidden, shape.Hidden, hasBias: false);
    }

    /// <param name="x">[B, T, H].</param>
    /// <returns>[B, T, H].</returns>
    public Tensor Apply(Tensor x, Rotary rotary)
    {
        var (q, k, v) = (rotary.Turn(Heads(q_proj.call(x))), rotary.Turn(Heads(k_proj.call(x))), Heads(v_proj.call(x)));
        var attended = functional.scaled_dot_product_attention(q, k, v, is_casual: true);
        return o_proj.call(attended.transpose(1, 2).flatten(2, 3));

        Tensor Heads(Tensor states) => states.view(states.shape[0], states.shape[1], _heads, _headSize).transpose(1, 2);
    }
}

internal sealed class FeedForward : Module<Tensor, Tensor>
{
    private readonly Linear gate_proj, up_proj, down_proj;

    public FeedForward(ModelShape shape) : base(nameof(FeedForward))
    {
        gate_proj = Linear(shape.Hidden, shape.FeedForward, hasBias: false);
        up_proj = Linear(shape.Hidden, shape.FeedForward, hasBias: false);
        down_proj = Linear(shape.FeedForward, shape.Hidden, hasBias: false);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => down_proj.call(functional.silu(gate_proj.call(x)) * up_proj.call(x));
}

/// <summary>RMSNorm.</summary>
internal sealed class Norm : Module<Tensor, Tensor>
{
    private readonly Parameter weight;
    private readonly Scalar _epsilon;

    public Norm(ModelShape shape) : base(nameof(Norm))
    {
        weight = Parameter(torch.ones(shape.Hidden));
        _epsilon = shape.NormEpsilon;
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => x * x.Squared().mean([-1], keepdim: true).Plus(_epsilon).rsqrt() * weight;
}

/// <summary>Number i of a head and number i + half of it are turned together by position x frequency i.</summary>
/// <param name="Cosine">[T, D].</param>
/// <param name="Sine">[T, D], negative in the first half.</param>
internal sealed record Rotary(Tensor Cosine, Tensor Sine)
{
    public static Rotary UpTo(long tokens, float[] frequencies)
    {
        var angles = torch.outer(torch.tensor([.. Enumerable.Range(0, (int)tokens).Select(t => (float)t)]), torch.tensor(frequencies));
        return new Rotary(torch.cat([angles, angles], 1).cos(), torch.cat([angles.sin().neg(), angles.sin()], 1));
    }

    /// <param name="heads">[B, heads, T, D].</param>
    public Tensor Turn(Tensor heads) => (heads * Cosine).Plus(heads.roll(heads.shape[3] / 2, -1) * Sine);
}
