using Llm4Msr.Models;
using static TorchSharp.torch;

namespace Llm4Msr.Tests.Models;

/// <summary>
/// The reference numbers have one size. Here the program is compared with plain formulas at other sizes: one scenario and
/// many, one hidden layer and four, every place of the levels.
/// </summary>
public class PlainFormulasTests
{
    private static readonly (int Scenarios, int[] Hidden)[] s_sizes = [(1, [5]), (2, [9]), (2, [12, 8]), (5, [9, 7, 6]), (3, [8, 7, 6, 5])];

    public static TheoryData<BackboneKind, string> Models => ModelVariants.All;

    [Theory, MemberData(nameof(Models))]
    public void LogitsAndGradientsAreThoseOfThePlainFormulas(BackboneKind backbone, string enhancement)
    {
        using var scope = NewDisposeScope();
        foreach (var (scenarios, hidden) in s_sizes)
            Compare(ModelVariants.Options(backbone, enhancement) with { HiddenWidths = hidden }, scenarios);
    }

    [Theory, InlineData(false), InlineData(true)]
    public void AitmFollowsTheOrderItIsGiven(bool stopGradient)
    {
        using var scope = NewDisposeScope();
        foreach (int[] order in (int[][])[[3, 0, 2, 1], [1, 2, 3, 0]])
        {
            Compare(ModelVariants.Options(BackboneKind.Aitm, "none") with
            {
                Transfer = new TransferOptions { ScenarioOrder = order, StopGradient = stopGradient },
            }, scenarios: 4);
        }
    }

    private static void Compare(ModelOptions options, int scenarios)
    {
        var network = new SampleNetwork(options, scenarios, rows: 40);
        var parameters = network.Module.named_parameters().ToDictionary(p => p.name, p => (Tensor)p.parameter);
        network.Features.requires_grad_();

        var ours = network.Logits();
        var (logits, gradients) = (NetworkChecks.Numbers(ours), Gradients(ours));
        var plain = new PlainFormulas(options, parameters, scenarios).Logits(
            network.Features, tensor(network.ScenarioOfRow.Select(s => (long)s).ToArray()), network.UserOfRow(), network.ScenarioKnowledge);
        var (expectedLogits, expectedGradients) = (NetworkChecks.Numbers(plain), Gradients(plain));

        var what = $"{scenarios} scenarios, {string.Join(',', options.HiddenWidths)}";
        Assert.True(NetworkChecks.Near(expectedLogits, logits), what);
        Assert.Equal(expectedGradients.Keys, gradients.Keys);
        Assert.All(expectedGradients, p => Assert.True(NetworkChecks.Near(p.Value, gradients[p.Key]), $"{what}: {p.Key}"));

        Dictionary<string, double[]> Gradients(Tensor of)
        {
            foreach (var tensor in parameters.Values.Append(network.Features))
                tensor.grad = null;
            (of * tensor(Enumerable.Range(0, 40).Select(row => row / 40.0).ToArray())).sum().backward(); // each row counts differently
            return parameters.Append(new("features", network.Features))
                .ToDictionary(p => p.Key, p => p.Value.grad is { } g ? NetworkChecks.Numbers(g) : new double[p.Value.numel()]);
        }
    }
}
