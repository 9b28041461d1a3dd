using Llm4Msr.Data;
using Llm4Msr.Evaluation;
using TorchSharp;

namespace Llm4Msr.Cli.Grids;

/// <summary>The chosen run of each arm on the rows of the test part, scored once and compared in pairs.</summary>
internal sealed class ScoredArms
{
    private readonly Dictionary<string, ScoredRun> _runs = new(StringComparer.Ordinal);
    private readonly CancellationToken _cancellation;

    private ScoredArms(CancellationToken cancellation) => _cancellation = cancellation;

    public static ScoredArms Of(Cli cli, string title, InteractionDataset data, IReadOnlyList<ArmResult> arms)
    {
        torch.set_num_threads(1);
        var ranks = ScoredRun.RanksOf(data, Part.Test);
        var scored = new ScoredArms(cli.Cancellation);
        cli.Terminal.WithProgress(title, arms.Count, report =>
        {
            foreach (var arm in arms)
            {
                scored._runs.Add(arm.Arm.Name, ScoredRun.Of(ScoredRun.Open(arm.Best.Run), data, ranks, _ => { }, cli.Cancellation, arm.Best.Cell.Config.AllSeeds));
                report(scored._runs.Count, FormattableString.Invariant($"{scored._runs.Count} of {arms.Count} arms scored"));
            }
        });
        return scored;
    }

    /// <summary>Second less first.</summary>
    public Comparison Compare(Arm first, Arm second) => Comparison.Of(_runs[first.Name].Seeds, _runs[second.Name].Seeds, cancellation: _cancellation);

    /// <summary>Second less first, on the rows of one scenario alone.</summary>
    /// <param name="scenario">Its index.</param>
    public AucDifference CompareIn(int scenario, Arm first, Arm second)
    {
        return Comparison.Of(RowsOf(first), RowsOf(second), cancellation: _cancellation).Scenarios[scenario];

        Dictionary<int, ScoredRows> RowsOf(Arm arm) => _runs[arm.Name].Seeds.ToDictionary(seed => seed.Key, seed => seed.Value.Only(scenario));
    }
}
