using System.Reflection;
using Llm4Msr.Data;

namespace Llm4Msr.Import;

/// <summary>A topic of generated catalogues, and the nouns that mean it and no other.</summary>
public sealed record TopicWords(string Name, IReadOnlyList<string> Nouns);

/// <summary>
/// The closed vocabulary of generated catalogues: every word that may stand in one. A catalogue is a draw from it; the embedded
/// language model was trained on such draws.
/// </summary>
/// <param name="Manners">First words of titles, which mean no topic.</param>
/// <param name="Kinds">Categories, which mean no topic either.</param>
public sealed record CatalogueWords(
    IReadOnlyList<TopicWords> Topics, IReadOnlyList<string> Manners, IReadOnlyList<string> Kinds,
    IReadOnlyList<Scenario> Scenarios, IReadOnlyList<PlatformDescription> Platforms)
{
    public static CatalogueWords BuiltIn { get; } = Parse(ReadBuiltIn());

    private static CatalogueWords Parse(string text)
    {
        var sections = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        List<string> lines = [];
        foreach (var line in text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Where(l => l[0] != '#'))
        {
            if (line[0] == '[')
                sections.Add(line.Trim('[', ']'), lines = []);
            else
                lines.Add(line);
        }
        return new CatalogueWords(
            [.. sections["topics"].Select(Named).Select(topic => new TopicWords(topic.Name, List(topic.Text)))],
            List(sections["manners"].Single()),
            List(sections["kinds"].Single()),
            [.. sections["scenarios"].Select(Named).Select(scenario => new Scenario(scenario.Name, scenario.Text))],
            [.. sections["platforms"].Select(Named).Select(platform => Platform(platform.Name, List(platform.Text)))]);
    }

    private static PlatformDescription Platform(string name, string[] parts) => new(name, parts[0], parts[1], parts[2], parts[3]);

    private static (string Name, string Text) Named(string line) => line.Split(": ") is [var name, var said] ? (name, said) : throw new FormatException(line);

    private static string[] List(string text) => text.Split(", ");

    private static string ReadBuiltIn()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("words.txt")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
