using Llm4Msr.Platform;

namespace Llm4Msr.Import;

/// <summary>
/// Writes a knowledge store under another name and gives it its own when all is in it: a part of an import would look
/// like knowledge that is complete.
/// </summary>
internal static class WholeStore
{
    /// <param name="write">Takes the path to write to.</param>
    public static void Write(string path, Action<string> write)
    {
        Leftovers.Clear(path);
        var unfinished = Leftovers.NameFor(path);
        try
        {
            write(unfinished);
            DurableFile.MoveIntoPlace(unfinished, path);
        }
        finally
        {
            foreach (var left in new[] { unfinished, unfinished + "-journal", unfinished + ".lock" }.Where(File.Exists))
                File.Delete(left);
        }
    }
}
