using Llm4Msr.Platform;

namespace Llm4Msr.Cli;

/// <summary>Whether a folder may be written: asked before any work is done.</summary>
internal static class OutputFolder
{
    /// <param name="format">What an existing folder has to be, so that nothing else is ever replaced.</param>
    public static void CheckFree(string path, bool overwrite, string format)
    {
        if (File.Exists(path))
            throw new Llm4MsrException(FaultKind.Usage, $"'{path}' is a file. Name a folder that is not there yet.");
        if (!Directory.Exists(path))
            return;
        if (!overwrite)
            throw new Llm4MsrException(FaultKind.Usage, $"'{path}' is there already. Name another folder, or say --overwrite to replace it.");
        if (FolderManifest.FormatOf(path) != format)
            throw new Llm4MsrException(FaultKind.Usage, $"'{path}' was not written by this command, so it is not replaced. Name another folder.");
    }
}
