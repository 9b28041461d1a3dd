using System.Text.Json;

namespace Llm4Msr.Platform;

/// <summary>
/// The size and SHA-256 of every file of a folder, kept in the folder as <c>manifest.json</c>: no file format used here
/// notices a flipped bit by itself.
/// </summary>
public static class FolderManifest
{
    public const string FileName = "manifest.json";

    private sealed record Content(string Format, SortedDictionary<string, FileFacts> Files);

    private sealed record FileFacts(long Bytes, string Sha256);

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { WriteIndented = true, AllowDuplicateProperties = false };

    /// <summary>Writes the manifest of <paramref name="folder"/> over all files below it.</summary>
    /// <param name="format">Name and version of the folder's layout, for example <c>llm4msr-run/1</c>.</param>
    public static void Write(string folder, string format)
    {
        var files = new SortedDictionary<string, FileFacts>(StringComparer.Ordinal);
        foreach (var path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            var name = Path.GetRelativePath(folder, path).Replace(Path.DirectorySeparatorChar, '/');
            if (name != FileName)
                files.Add(name, new FileFacts(new FileInfo(path).Length, FileHash.OfFile(path)));
        }
        DurableFile.WriteText(Path.Combine(folder, FileName), JsonSerializer.Serialize(new Content(format, files), s_json) + "\n");
    }

    /// <summary>Checks every file of <paramref name="folder"/>; throws with the first one that is missing, cut or changed.</summary>
    /// <param name="whatItIs">What the folder is, for the message: "model folder", "prepared data".</param>
    /// <param name="wayOut">What to do about damage, for the message.</param>
    public static void Verify(string folder, string format, string whatItIs, string wayOut)
    {
        var content = Read(folder, whatItIs, wayOut);
        if (content.Format != format)
        {
            throw new Llm4MsrException(FaultKind.Damaged,
                $"The {whatItIs} '{folder}' has the format '{content.Format}', this program reads '{format}'. {wayOut}");
        }
        foreach (var (name, facts) in content.Files)
        {
            var path = Path.Combine(folder, name);
            string? problem = null;
            if (!File.Exists(path))
                problem = "is missing";
            else if (new FileInfo(path).Length is var length && length != facts.Bytes)
                problem = $"has {length} bytes, expected {facts.Bytes}";
            else if (FileHash.OfFile(path) is var hash && hash != facts.Sha256)
                problem = $"was changed: its SHA-256 is {hash}, expected {facts.Sha256}";
            if (problem is not null)
                throw new Llm4MsrException(FaultKind.Damaged, $"The {whatItIs} '{folder}' is damaged: the file '{name}' {problem}. {wayOut}");
        }
    }

    /// <returns>The format of the folder's manifest, or null where it has none that can be read.</returns>
    public static string? FormatOf(string folder)
    {
        try
        {
            return Read(folder, "folder", "").Format;
        }
        catch (Llm4MsrException)
        {
            return null;
        }
    }

    private static Content Read(string folder, string whatItIs, string wayOut)
    {
        var path = Path.Combine(folder, FileName);
        if (!Directory.Exists(folder))
            throw new Llm4MsrException(FaultKind.BadInput, $"There is no {whatItIs} '{folder}'. Check the path; what was moved or removed has to be brought back or made again.");
        if (!File.Exists(path))
            throw new Llm4MsrException(FaultKind.BadInput, $"'{folder}' is not a {whatItIs}: it holds no {FileName}. {wayOut}");
        try
        {
            var content = JsonSerializer.Deserialize<Content>(File.ReadAllBytes(path), s_json);
            if (content is { Format: not null, Files: not null } && content.Files.Keys.All(IsInside))
                return content;
        }
        catch (JsonException)
        {
        }
        throw new Llm4MsrException(FaultKind.Damaged, $"The {whatItIs} '{folder}' is damaged: '{FileName}' cannot be read. {wayOut}");
    }

    private static bool IsInside(string name) =>
        name.Length > 0 && !Path.IsPathRooted(name) && !name.Split('/', '\\').Contains("..");
}
