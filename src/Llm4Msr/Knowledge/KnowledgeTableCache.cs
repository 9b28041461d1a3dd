using Llm4Msr.Platform;

namespace Llm4Msr.Knowledge;

/// <summary>
/// Tables kept beside their store, each in a folder named by state, content and basis, so that training need not read the
/// rows again. A cache is never trusted: a hash guards every file, and what does not pass is made again.
/// </summary>
internal static class KnowledgeTableCache
{
    private const string Format = "llm4msr-knowledge-cache/1";
    private const int ShownDigits = 16;

    public static KnowledgeTable Read(KnowledgeStore store, string state, string basis, Action<string> say)
    {
        _ = store.Fingerprint.IndexOf(state);
        var common = $"{store.Path}.{state}.";
        var ofContent = $"{common}{store.ContentHash[..ShownDigits]}.";
        var folder = $"{ofContent}{FileHash.Of(basis)[..ShownDigits]}.cache";
        if (TryLoad(folder, store, state, basis, say) is { } cached)
            return cached;

        var table = KnowledgeTableBuilder.Build(store, state, basis);
        try
        {
            foreach (var stale in Directory.EnumerateDirectories(Path.GetDirectoryName(common)!, $"{Path.GetFileName(common)}*.cache").Where(f => !f.StartsWith(ofContent, StringComparison.Ordinal)).ToList())
            {
                say($"The knowledge cache '{stale}' is of an older content of its store; it was deleted and is made again.");
                Directory.Delete(stale, recursive: true);
            }
            DurableFile.ReplaceFolder(folder, fresh =>
            {
                table.Save(fresh);
                FolderManifest.Write(fresh, Format);
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or Llm4MsrException)
        {
            say($"The knowledge cache '{folder}' could not be written, so the next run reads the store again: {e.Message}");
        }
        return table;
    }

    private static KnowledgeTable? TryLoad(string folder, KnowledgeStore store, string state, string basis, Action<string> say)
    {
        if (!Directory.Exists(folder))
            return null;
        try
        {
            FolderManifest.Verify(folder, Format, "knowledge cache", "It is made again.");
            var table = KnowledgeTableFiles.Load(folder);
            var expected = new KnowledgeOrigin(store.Fingerprint, state, basis, store.InteractionsHash, store.ContentFor(basis));
            if (table.Origin == expected)
                return table;
            say($"The knowledge cache '{folder}' is of another store. It is made again.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or Llm4MsrException)
        {
            say(e.Message);
        }
        return null;
    }
}
