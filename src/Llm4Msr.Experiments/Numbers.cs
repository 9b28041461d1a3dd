using System.Globalization;
using System.Text.Json;
using Llm4Msr.Evaluation;

namespace Llm4Msr.Experiments;

/// <summary>Figures as people read them, the same in a terminal and in a report.</summary>
public static class Numbers
{
    public static string Figure(double? value, string format = "0.0000") => value?.ToString(format, CultureInfo.InvariantCulture) ?? "undefined";

    public static string WithSign(double? difference) => Figure(difference, "+0.0000;-0.0000;0.0000");

    /// <summary>Of a figure.</summary>
    public static string Text(Interval? interval) => interval is null ? "none" : FormattableString.Invariant($"{interval.Low:0.000} to {interval.High:0.000}");

    /// <summary>Of a difference.</summary>
    public static string WithSign(Interval? interval) => interval is null ? "none" : $"{WithSign(interval.Low)} to {WithSign(interval.High)}";

    public static string P(TTest test) => test.P < 0.0001 ? "<0.0001" : Figure(test.P);

    public static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    public static string Share(double value) => value.ToString("P1", CultureInfo.InvariantCulture);

    /// <summary>In the unit that costs are compared in.</summary>
    public static string Hours(double hours) => hours.ToString(hours is > 0 and < 0.01 ? "0.0000" : "0.00", CultureInfo.InvariantCulture);

    public static string Duration(TimeSpan time) => time.TotalHours >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours} h {time.Minutes} min")
        : time.TotalMinutes >= 1
            ? string.Create(CultureInfo.InvariantCulture, $"{time.Minutes} min {time.Seconds} s")
            : string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.#} s");

    /// <summary>A value of an enumeration as the command line spells it.</summary>
    internal static string Word<T>(T value) where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());
}
