using System.CommandLine;
using Llm4Msr.Import;
using Llm4Msr.Platform;

namespace Llm4Msr.Cli;

/// <summary>What the process of an import may take (see <see cref="ImportProcess"/>).</summary>
/// <param name="memory">What <c>--memory</c> says in the help.</param>
internal sealed class ImportLimits(string memory = "GiB that the import may hold.")
{
    private const double GiB = 1L << 30;

    public Option<double> Memory { get; } = new("--memory") { Description = memory, DefaultValueFactory = _ => ImportJob.DefaultMemory / GiB, HelpName = "GIB" };

    public Option<int> Time { get; } = new("--time-limit") { Description = "Minutes after which the import is stopped.", DefaultValueFactory = _ => 24 * 60 };

    /// <returns>Bytes, and the time.</returns>
    public (long Memory, TimeSpan Time) Read(ParseResult parsed)
    {
        AtLeast.Check(1, ("--time-limit", parsed.GetValue(Time)));
        var bytes = (long)(parsed.GetValue(Memory) * GiB);
        return bytes >= ImportJob.LeastMemory
            ? (bytes, TimeSpan.FromMinutes(parsed.GetValue(Time)))
            : throw new Llm4MsrException(FaultKind.Usage, FormattableString.Invariant($"--memory is {parsed.GetValue(Memory)} GiB, expected {ImportJob.LeastMemory / GiB} or more."));
    }
}
