using Llm4Msr.Data;
using Llm4Msr.Models.Layers;
using Llm4Msr.Platform;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Llm4Msr.Models.Backbones;

/// <summary>
/// AITM: a bottom for each scenario; in a fixed order of the scenarios each one attends to its own bottom and to what the
/// one before it hands on (models guide, section 3.6). Without the calibrator of the original, which is meant for
/// funnels: scenarios do not follow from one another as a purchase follows from a click.
/// </summary>
/// <remarks>
/// Shapes: B rows, N inputs, M the last hidden width. Every bottom takes all widths. Bottoms and heads are named by
/// scenario, transfers by position in the order: <c>transfer.0</c> leads from the first to the second. A row passes the
/// bottoms up to its own scenario's and no further.
/// </remarks>
public sealed class Aitm : nn.Module<Tensor, ScenarioGroups, Tensor>
{
    private readonly ModuleList<Mlp> bottom;
    private readonly ModuleList<Linear> transfer;
    private readonly Linear? query; // these three only where there is something to hand on
    private readonly Linear? key;
    private readonly Linear? value;
    private readonly ModuleList<Linear> head;
    private readonly IReadOnlyList<int> order;
    private readonly bool stopGradient;
    private readonly Scalar scale;

    public Aitm(int inputs, int scenarios, ModelOptions options, Generator random) : base(nameof(Aitm))
    {
        order = Order(options.Transfer.ScenarioOrder, scenarios);
        stopGradient = options.Transfer.StopGradient;
        var width = options.HiddenWidths[^1];
        scale = 1 / Math.Sqrt(width);
        bottom = nn.ModuleList([.. order.Select(_ => new Mlp(inputs, options.HiddenWidths, random))]);
        transfer = nn.ModuleList([.. order.Skip(1).Select(_ => Weights.Linear(width, width, random))]);
        if (scenarios > 1)
        {
            query = Weights.Linear(width, width, random, bias: false);
            key = Weights.Linear(width, width, random, bias: false);
            value = Weights.Linear(width, width, random, bias: false);
        }
        head = nn.ModuleList([.. order.Select(_ => Weights.Linear(width, 1, random))]);
        RegisterComponents();
    }

    /// <param name="features">[B, N].</param>
    /// <returns>One logit per row, [B].</returns>
    public override Tensor forward(Tensor features, ScenarioGroups scenarios)
    {
        // Rows in the order of the transfer: those that a position still concerns are always the last ones.
        var own = scenarios.Present.Zip(scenarios.Split(features)).ToDictionary(p => p.First, p => p.Second);
        var rows = cat([.. order.Where(own.ContainsKey).Select(s => own[s])]);
        var left = rows.shape[0];
        var logits = new Dictionary<int, Tensor>();
        Tensor? handedOn = null;
        for (var position = 0; left > 0; position++)
        {
            var scenario = order[position];
            var z = bottom[scenario].call(rows);
            if (handedOn is not null)
                z = Attend(transfer[position - 1].call(stopGradient ? handedOn.detach() : handedOn), z);
            var count = own.TryGetValue(scenario, out var mine) ? mine.shape[0] : 0;
            if (count > 0)
                logits[scenario] = head[scenario].call(z.narrow(0, 0, count)).squeeze(-1);
            left -= count;
            rows = rows.narrow(0, count, left);
            handedOn = z.narrow(0, count, left);
        }
        return scenarios.Join([.. scenarios.Present.Select(s => logits[s])]);
    }

    /// <param name="handedOn">[b, M].</param>
    /// <param name="own">[b, M].</param>
    /// <returns>Their values, weighted by how well each fits itself, [b, M].</returns>
    private Tensor Attend(Tensor handedOn, Tensor own)
    {
        var both_B2M = stack([handedOn, own], 1);
        var fit_B21 = (query!.call(both_B2M) * key!.call(both_B2M)).sum(2, keepdim: true) * scale;
        return (fit_B21.softmax(1) * value!.call(both_B2M)).sum(1);
    }

    /// <returns>Every scenario once, as they hand on.</returns>
    /// <exception cref="Llm4MsrException">What was asked for is no such order.</exception>
    internal static IReadOnlyList<int> Order(IReadOnlyList<int>? asked, int scenarios)
    {
        var order = asked ?? [.. Enumerable.Range(0, scenarios)];
        return order.Order().SequenceEqual(Enumerable.Range(0, scenarios))
            ? order
            : throw new Llm4MsrException(FaultKind.Usage,
                $"The scenario order is {string.Join(',', order)}, expected each of the scenarios 0 to {scenarios - 1} once.");
    }
}
