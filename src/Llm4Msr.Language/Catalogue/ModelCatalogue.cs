using System.Text.Json;
using Llm4Msr.Platform;

namespace Llm4Msr.Language.Catalogue;

/// <summary>A model that can be got by its name: one file of one revision, known to the bit.</summary>
/// <param name="Repository">On Hugging Face, or a mirror of its layout.</param>
public sealed record CatalogueEntry(string Name, string Description, string Licence, string Repository, string Revision, string File, long Bytes, string Sha256)
{
    public Uri At(Uri host) => new($"{host.AbsoluteUri.TrimEnd('/')}/{Repository}/resolve/{Revision}/{File}");
}

/// <summary>The models that can be got by name. The list is data: <c>models.json</c>.</summary>
public static class ModelCatalogue
{
    public static Uri HuggingFace { get; } = new("https://huggingface.co/");

    /// <summary>Where models are kept that nobody named a folder for.</summary>
    public static string Folder => UserCache.Folder("models");

    public static IReadOnlyList<CatalogueEntry> Entries { get; } = Read();

    public static CatalogueEntry Find(string name) => Entries.FirstOrDefault(e => e.Name == name)
        ?? throw new Llm4MsrException(FaultKind.Usage, $"There is no model '{name}' in the list. Known: {string.Join(", ", Entries.Select(e => e.Name))}. Any other GGUF file or Hugging Face folder is used by its path.");

    private static CatalogueEntry[] Read()
    {
        using var stream = typeof(ModelCatalogue).Assembly.GetManifestResourceStream("models.json")!;
        return JsonSerializer.Deserialize<CatalogueEntry[]>(stream, StrictJson.Options)!;
    }
}
