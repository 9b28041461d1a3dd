using Llm4Msr.Platform;

namespace Llm4Msr.Cli;

/// <summary>Refuses numbers that are not above 0, by the name of their option.</summary>
internal static class AboveZero
{
    private const double TooMuch = 1e14; // more than anybody means, and less than a time or a size can hold

    public static void Check(params (string Option, double? Value)[] numbers)
    {
        foreach (var (option, value) in numbers)
        {
            if (value is { } number && !(number > 0 && number < TooMuch))
                throw new Llm4MsrException(FaultKind.Usage, FormattableString.Invariant($"{option} is {number}, expected a number above 0."));
        }
    }
}
