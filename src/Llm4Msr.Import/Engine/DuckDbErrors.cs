using Llm4Msr.Platform;

namespace Llm4Msr.Import.Engine;

/// <summary>What DuckDB says about input that it cannot read; the caller knows which file it is.</summary>
internal sealed class DuckDbException(string message) : Exception(message);

/// <summary>The texts of DuckDB's errors, told apart by whose fault they are: what was asked for, the machine's, or the input's.</summary>
internal static class DuckDbErrors
{
    /// <param name="folder">Of the database, where it spills.</param>
    public static Exception Of(string error, string folder) =>
        error.StartsWith("INTERRUPT", StringComparison.Ordinal)
            ? new OperationCanceledException(error)
        : error.Contains("No space left", StringComparison.Ordinal)
            ? Missing($"The disk is full: there is no room in '{folder}' for what does not fit into memory. Free some space, then run the command again.")
        : error.StartsWith("Out of Memory", StringComparison.Ordinal)
            ? Missing($"The import needs more memory or disk than it may use ({FirstLine(error)}). Give it more with --memory, or free some space.")
        : error.StartsWith("IO Error: Could not ", StringComparison.Ordinal) && !error.Contains("enough bytes", StringComparison.Ordinal)
            ? Missing($"{FirstLine(error)} Check the files and the space left, then run the command again.")
        : new DuckDbException(FirstLine(error));

    private static Llm4MsrException Missing(string message) => new(FaultKind.ResourceMissing, message);

    private static string FirstLine(string error) => error.Split('\n', 2)[0].Trim();
}
