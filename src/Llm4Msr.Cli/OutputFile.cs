using Llm4Msr.Platform;

namespace Llm4Msr.Cli;

/// <summary>Whether a file can be written where it is wanted: asked before any work is done.</summary>
internal static class OutputFile
{
    public static void CheckPlace(string path)
    {
        if (Directory.Exists(path))
            throw new Llm4MsrException(FaultKind.Usage, $"'{path}' is a folder. Name a file.");
        var folder = Path.GetDirectoryName(Path.GetFullPath(path));
        if (folder is not null && !Directory.Exists(folder))
            throw new Llm4MsrException(FaultKind.Usage, $"There is no folder '{folder}' to write '{path}' in. Make it, or name a file elsewhere.");
    }
}
