using System.Globalization;
using Llm4Msr.Platform;

namespace Llm4Msr.Cli.Grids;

/// <summary>How much may be trained in one go; the cells that are there already cost nothing.</summary>
/// <param name="Cells">Null for any number.</param>
/// <param name="Time">After which no cell is begun; null for any.</param>
internal sealed record GridBudget(int? Cells, TimeSpan? Time)
{
    /// <param name="text"><c>12</c> cells, or <c>90s</c>, <c>30min</c>, <c>2h</c>.</param>
    public static GridBudget Parse(string option, string text)
    {
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var cells) && cells > 0)
            return new(cells, null);
        if (LongTime.Of(text) is { } time)
            return new(null, time);
        throw new Llm4MsrException(FaultKind.Usage, $"{option} is '{text}', expected a number of cells like 12, or a time like 90s, 30min or 2h.");
    }

    public bool IsSpent(int begun, TimeSpan time) => begun >= Cells || time >= Time;
}
