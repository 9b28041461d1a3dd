using System.Globalization;

namespace Llm4Msr.Cli;

/// <summary>Times as they are said on the command line: <c>90s</c>, <c>30m</c> or <c>30min</c>, <c>8h</c>, <c>30d</c>.</summary>
internal static class LongTime
{
    private const int MostDays = 100_000; // more than any log spans, and less than a time can hold

    /// <returns>Null where <paramref name="text"/> is no such time above 0, or longer than anybody means.</returns>
    public static TimeSpan? Of(string text)
    {
        var digits = text.TakeWhile(char.IsAsciiDigit).Count();
        if (!int.TryParse(text[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == 0)
            return null;
        double seconds = text[digits..] switch
        {
            "s" => 1,
            "m" or "min" => 60,
            "h" => 3600,
            "d" => 86_400,
            _ => double.PositiveInfinity,
        };
        return number * seconds <= MostDays * 86_400.0 ? TimeSpan.FromSeconds(number * seconds) : null;
    }
}
