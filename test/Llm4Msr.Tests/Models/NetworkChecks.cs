using Llm4Msr.Platform;
using static TorchSharp.torch;

namespace Llm4Msr.Tests.Models;

/// <summary>
/// What a right model keeps. Each check says what is wrong, or null: so it can be shown to reject a wrong copy as well as to
/// accept the right one.
/// </summary>
/// <remarks>
/// Numbers are compared here and not by tensor operations, which would wrap them in objects that a collection of garbage
/// in a test beside this one may free too early.
/// </remarks>
internal static class NetworkChecks
{
    private const double Tolerance = 1e-10; // in float64

    /// <param name="logits">From row numbers to their logits in this order.</param>
    public static string? RowsAreIndependent(Func<int[], Tensor> logits, int rows)
    {
        int[] all = [.. Enumerable.Range(0, rows)];
        var together = Numbers(logits(all));
        foreach (var row in all.Where(r => r % 7 == 0))
        {
            if (!Near([together[row]], Numbers(logits([row]))))
                return $"row {row} alone has another logit";
        }
        int[] shuffled = [.. all.OrderBy(row => row * 37 % 61)];
        if (!Near([.. shuffled.Select(row => together[row])], Numbers(logits(shuffled))))
            return "another order of the rows gives other logits";
        return Near(together, [.. all.Chunk(17).SelectMany(part => Numbers(logits(part)))]) ? null : "other batch sizes give other logits";
    }

    public static string? TwoEvaluationsAreEqual(Func<Tensor> logits) =>
        Numbers(logits()).SequenceEqual(Numbers(logits())) ? null : "the second evaluation is another";

    /// <param name="drawn">The same module with other first weights, each after a backward pass: units that are dead by chance are not so in every draw.</param>
    public static string? EveryParameterHasAGradient(IEnumerable<nn.Module> drawn)
    {
        HashSet<string>? without = null;
        foreach (var module in drawn)
        {
            var now = module.named_parameters().Where(p => p.parameter.grad is not { } g || Numbers(g).All(v => v == 0)).Select(p => p.name);
            without = [.. without is null ? now : now.Where(without.Contains)];
            if (without.Count == 0)
                return null;
        }
        return $"without gradient: {string.Join(", ", without!.Order())}";
    }

    public static string? EverythingIsFinite(nn.Module module)
    {
        var odd = module.state_dict().Where(p => !Numbers(p.Value).All(double.IsFinite)).Select(p => p.Key).ToList();
        return odd.Count == 0 ? null : $"not finite: {string.Join(", ", odd)}";
    }

    /// <summary>Moves a parameter and looks whose logits move: some of the scenario's and no others.</summary>
    public static string? OnlyTheScenarioFeels(Tensor parameter, int scenario, Func<Tensor> logits, int[] scenarioOfRow)
    {
        var before = Numbers(logits());
        SampleNetwork.Disturb(parameter);
        var after = Numbers(logits());
        var moved = Enumerable.Range(0, before.Length).Where(row => before[row] != after[row]).Select(row => scenarioOfRow[row]).ToHashSet();
        return moved.SetEquals([scenario]) ? null : $"a parameter of scenario {scenario} moves the scenarios {string.Join(", ", moved.Order())}";
    }

    /// <param name="shares">[B, K].</param>
    public static string? SharesSumToOne(Tensor shares) =>
        Numbers(shares.sum(1)).All(sum => Math.Abs(sum - 1) < Tolerance) ? null : "the shares of a row do not sum to 1";

    /// <summary>f(a) + f(b) = f(a + b) + f(0).</summary>
    public static string? IsLinear(Func<Tensor, Tensor> f, Tensor a, Tensor b)
    {
        double[] Of(Tensor x) => Numbers(f(x));
        var (one, other, both, none) = (Of(a), Of(b), Of(a.Plus(b)), Of(zeros_like(a)));
        return Near([.. one.Zip(other, (x, y) => x + y)], [.. both.Zip(none, (x, y) => x + y)]) ? null : "not linear";
    }

    public static bool Near(double[] expected, double[] actual) =>
        expected.Length == actual.Length && expected.Zip(actual).All(p => Math.Abs(p.First - p.Second) <= Tolerance * Math.Max(1, Math.Abs(p.First)));

    public static double[] Numbers(Tensor tensor) => tensor.detach().to(float64).contiguous().data<double>().ToArray();
}
