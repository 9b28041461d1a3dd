using System.CommandLine;
using Llm4Msr.Evaluation;
using Llm4Msr.Platform;

namespace Llm4Msr.Cli.Grids;

/// <summary>The option that says which gain matters.</summary>
internal static class SmallestGain
{
    public static Option<double> Option(string description) => new("--smallest-gain") { Description = description, DefaultValueFactory = _ => KnowledgeVerdict.DefaultSmallestGain };

    public static double Read(ParseResult parsed, Option<double> option) => parsed.GetValue(option) is > 0 and < 0.5 and var gain
        ? gain
        : throw new Llm4MsrException(FaultKind.Usage, FormattableString.Invariant($"--smallest-gain is {parsed.GetValue(option)}, expected more than 0 and less than 0.5, a difference in AUC."));
}
