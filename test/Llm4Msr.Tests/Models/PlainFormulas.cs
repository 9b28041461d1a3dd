using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Platform;
using TorchSharp;
using static TorchSharp.torch;

namespace Llm4Msr.Tests.Models;

/// <summary>
/// The models as the guide writes them down, for any sizes: every scenario's part is computed on all rows and each row takes
/// its own. Slow and without any of the program's layers; only the parameters are shared, by name.
/// </summary>
internal sealed class PlainFormulas(ModelOptions options, IReadOnlyDictionary<string, Tensor> parameters, int scenarios)
{
    private static readonly Scalar s_minusOne = -1.0, s_two = 2.0;

    private readonly ModelOptions _options = options;

    /// <param name="x">e, [B, N].</param>
    /// <param name="s">[B] int64.</param>
    /// <param name="user">A vector per row, [B, H].</param>
    /// <param name="scenario">[S, Hs].</param>
    public Tensor Logits(Tensor x, Tensor s, Tensor user, Tensor scenario) => _options.Enhancement switch
    {
        EnhancementKind.None => Backbone(x, s),
        EnhancementKind.Epnet => Backbone(x * (Linear("1", Linear("0", cat([P("embedding").index_select(0, s), x.detach()], 1)).relu()).sigmoid() * s_two), s),
        EnhancementKind.KnowledgeField => Backbone(cat([x, Linear("map", user)], 1), s),
        EnhancementKind.DynamicNetwork => DynamicNetwork(x, s),
        EnhancementKind.Llm4msr => Fusion(x, s, user, scenario.index_select(0, s)),
        _ => throw new NotSupportedException(),
    };

    private Tensor Fusion(Tensor e, Tensor s, Tensor user, Tensor scenario)
    {
        var o = _options.Fusion!;
        var h = e;
        if (o.UserLevel == FusionPlacement.Bottom)
            h = o.Residual ? h.Plus(Meta("user", user, h, false)) : Meta("user", user, h, true);
        var input = o.ScenarioInput == ScenarioInput.UserMeta ? h : e;
        if (o.ScenarioLevel == FusionPlacement.Bottom)
            h = o.Residual ? h.Plus(Meta("scenario", scenario, h, false)) : Meta("scenario", scenario, h, true);
        var logit = Backbone(h, s);
        if (o.UserLevel == FusionPlacement.Parallel)
            logit = Mix("user_alpha", Meta("user", user, e, !o.Residual).squeeze(1), logit, s);
        if (o.ScenarioLevel == FusionPlacement.Parallel)
            logit = Mix("alpha", Meta("scenario", scenario, input, !o.Residual).squeeze(1), logit, s);
        return logit;
    }

    private Tensor DynamicNetwork(Tensor x, Tensor s)
    {
        var (rows, size) = (x.shape[0], _options.EmbeddingSize);
        var fields = x.shape[1] / size;
        var code = Linear("code", P("embedding")).relu().index_select(0, s);
        var scores = Enumerable.Range(0, (int)fields).Select(f => Meta("attention", code, x.narrow(1, f * size, size), true).mv(P("attention_vector"))).ToArray();
        var weight = stack(scores, 1).softmax(1) * tensor((double)fields);
        var attended = (x.view(rows, fields, size) * weight.unsqueeze(2)).view(rows, -1);
        return Mix("alpha", Meta("tower", code, attended, false).squeeze(1), Backbone(attended, s), s);
    }

    /// <summary>alpha · beside + (1 - alpha) · logit.</summary>
    private Tensor Mix(string alpha, Tensor beside, Tensor logit, Tensor s)
    {
        var share = parameters.TryGetValue(alpha, out var free) ? free : P($"{alpha}_logit").sigmoid();
        if (share.dim() == 1)
            share = share.index_select(0, s);
        return (share * beside).Plus((share * s_minusOne).Plus(Held.One) * logit);
    }

    /// <summary>Layers whose weights [O, I] are written down for every row.</summary>
    private Tensor Meta(string name, Tensor knowledge, Tensor x, bool activateLast)
    {
        for (var k = 0; Has($"{name}.{k}.weight_generator.weight"); k++)
        {
            var bias = Linear($"{name}.{k}.bias_generator", knowledge);
            var generated = Linear($"{name}.{k}.weight_generator", knowledge);
            var lowRank = Has($"{name}.{k}.left");
            var outputs = lowRank ? P($"{name}.{k}.left").shape[1] : bias.shape[1];
            var weight = generated.view(x.shape[0], outputs, -1);
            if (lowRank)
                weight = P($"{name}.{k}.left").matmul(weight).matmul(P($"{name}.{k}.right"));
            x = weight.bmm(x.unsqueeze(2)).squeeze(2).Plus(bias);
            if (activateLast || Has($"{name}.{k + 1}.weight_generator.weight"))
                x = x.relu();
        }
        return x;
    }

    private Tensor Backbone(Tensor x, Tensor s) => _options.Backbone switch
    {
        BackboneKind.SharedBottom => Towers(_ => Mlp("backbone.bottom", x), s),
        BackboneKind.Omoe => Towers(_ => Mixture("backbone.gate.0", x, Experts(x)), s),
        BackboneKind.Mmoe => Towers(p => Mixture($"backbone.gate.{p}", x, Experts(x)), s),
        BackboneKind.Ple => Ple(x, s),
        BackboneKind.Aitm => Aitm(x, s),
        BackboneKind.Star => Star(x, s),
        _ => throw new NotSupportedException(),
    };

    private Tensor Towers(Func<int, Tensor> input, Tensor s) =>
        Pick(p => Linear($"backbone.tower.{p}.out", Mlp($"backbone.tower.{p}", input(p))).squeeze(1), s);

    private Tensor Experts(Tensor x) => stack(Enumerable.Range(0, _options.Experts.Count).Select(k => Mlp($"backbone.expert.{k}", x)), 1);

    private Tensor Mixture(string gate, Tensor x, Tensor experts) => (Linear(gate, x).softmax(1).unsqueeze(2) * experts).sum(1);

    private Tensor Ple(Tensor x, Tensor s)
    {
        var (specific, shared) = (Enumerable.Repeat(x, scenarios).ToArray(), x);
        for (var level = 0; Has($"backbone.level.{level}.gate.0.weight"); level++)
        {
            var at = $"backbone.level.{level}";
            var own = specific.Select((input, p) => Enumerable.Range(0, _options.Experts.Specific).Select(k => Linear($"{at}.specific.{p}.{k}", input).relu()).ToArray()).ToArray();
            var common = Enumerable.Range(0, _options.Experts.Shared).Select(k => Linear($"{at}.shared.{k}", shared).relu()).ToArray();
            var next = specific.Select((input, p) => Mixture($"{at}.gate.{p}", input, stack([.. own[p], .. common], 1))).ToArray();
            if (Has($"{at}.shared_gate.weight"))
                shared = Mixture($"{at}.shared_gate", shared, stack([.. own.SelectMany(e => e), .. common], 1));
            specific = next;
        }
        return Towers(p => specific[p], s);
    }

    private Tensor Aitm(Tensor x, Tensor s)
    {
        var order = _options.Transfer.ScenarioOrder ?? [.. Enumerable.Range(0, scenarios)];
        var logits = new Tensor[scenarios];
        Tensor? z = null;
        for (var t = 0; t < scenarios; t++)
        {
            var q = Mlp($"backbone.bottom.{order[t]}", x);
            if (z is not null)
            {
                Tensor[] both = [Linear($"backbone.transfer.{t - 1}", _options.Transfer.StopGradient ? z.detach() : z), q];
                var scale = tensor(1 / Math.Sqrt(q.shape[1]));
                var shares = stack(both.Select(u => (Linear("backbone.query", u) * Linear("backbone.key", u)).sum(1) * scale), 1).softmax(1);
                q = (shares.select(1, 0).unsqueeze(1) * Linear("backbone.value", both[0])).Plus(shares.select(1, 1).unsqueeze(1) * Linear("backbone.value", both[1]));
            }
            z = q;
            logits[order[t]] = Linear($"backbone.head.{order[t]}", z).squeeze(1);
        }
        return Pick(p => logits[p], s);
    }

    private Tensor Star(Tensor x, Tensor s) => Pick(p =>
    {
        var own = (double[])[.. NetworkChecks.Numbers(s).Select(scenario => scenario == p ? 1.0 : 0)];
        if (own.Sum() == 0)
            return zeros(x.shape[0], dtype: float64);
        var shares = tensor(own.Select(v => v / own.Sum()).ToArray());
        var mean = shares.unsqueeze(0).mm(x);
        var variance = shares.unsqueeze(0).mm((x - mean).Squared());
        var h = ((x - mean) / variance.Plus(tensor(1e-5)).sqrt() * P("backbone.norm.gamma") * P("backbone.norm.gamma_scenario")[p])
            .Plus(P("backbone.norm.beta")).Plus(P("backbone.norm.beta_scenario")[p]);
        for (var k = 0; Has($"backbone.star.{k}.weight"); k++)
        {
            h = h.mm(P($"backbone.star.{k}.weight") * P($"backbone.star.{k}.weight_scenario")[p])
                .Plus(P($"backbone.star.{k}.bias")).Plus(P($"backbone.star.{k}.bias_scenario")[p]);
            if (Has($"backbone.star.{k + 1}.weight"))
                h = h.relu();
        }
        return h.squeeze(1);
    }, s).Plus(Linear("backbone.aux.out", Mlp("backbone.aux", cat([P("backbone.aux.embedding").index_select(0, s), x], 1))).squeeze(1));

    private Tensor Pick(Func<int, Tensor> logits, Tensor s) =>
        stack(Enumerable.Range(0, scenarios).Select(logits), 1).gather(1, s.unsqueeze(1)).squeeze(1);

    private Tensor Mlp(string name, Tensor x)
    {
        for (var k = 0; Has($"{name}.{k}.weight"); k++)
            x = Linear($"{name}.{k}", x).relu();
        return x;
    }

    private Tensor Linear(string name, Tensor x)
    {
        var product = x.mm(P($"{name}.weight").t());
        return Has($"{name}.bias") ? product.Plus(P($"{name}.bias")) : product;
    }

    private bool Has(string name) => parameters.ContainsKey(name);

    private Tensor P(string name) => parameters[name];
}
