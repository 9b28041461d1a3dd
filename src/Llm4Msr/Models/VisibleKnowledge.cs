namespace Llm4Msr.Models;

/// <summary>Knowledge, and which of it each interaction of a data set may see: the protocol has already spoken.</summary>
/// <param name="RowOfRank">For each rank the stored user vector it sees, or -1 for none.</param>
public sealed record VisibleKnowledge(FrozenKnowledge Frozen, int[] RowOfRank) : IDisposable
{
    public void Dispose() => Frozen.Dispose();

    public int[] RowsAt(ReadOnlySpan<int> ranks)
    {
        var rows = new int[ranks.Length];
        for (var k = 0; k < rows.Length; k++)
            rows[k] = RowOfRank[ranks[k]];
        return rows;
    }
}
