using Llm4Msr.Platform;

namespace Llm4Msr.Cli;

/// <summary>Refuses numbers that are too small, by the name of their option.</summary>
internal static class AtLeast
{
    public static void Check(int least, params (string Option, int Value)[] numbers)
    {
        foreach (var (option, value) in numbers)
        {
            if (value < least)
                throw new Llm4MsrException(FaultKind.Usage, FormattableString.Invariant($"{option} is {value}, expected {least} or more."));
        }
    }
}
