namespace Llm4Msr.Testing;

/// <summary>The documents of the repository: what they show is held to what the code says.</summary>
internal static class Documents
{
    public static IReadOnlyList<string> Names { get; } =
    [
        "README.md", "CHANGELOG.md",
        .. Directory.EnumerateFiles(Path.Combine(TestFiles.RepositoryRoot, "docs"), "*.md").Select(f => $"docs/{Path.GetFileName(f)}").Order(StringComparer.Ordinal),
    ];

    public static string PathOf(string name) => Path.Combine(TestFiles.RepositoryRoot, name);

    public static string Read(string name) => File.ReadAllText(PathOf(name));

    /// <summary>The fenced blocks of a language, in their order.</summary>
    public static IEnumerable<string> Blocks(string name, string language) => Read(name).Split($"```{language}\n").Skip(1).Select(rest => rest[..rest.IndexOf("```", StringComparison.Ordinal)]);

    /// <summary>The cells of a table, row by row; the table is known by its first heading.</summary>
    public static IReadOnlyList<string[]> Table(string name, string firstHeading)
    {
        var rows = Read(name).Split('\n')
            .SkipWhile(line => !line.StartsWith($"| {firstHeading} |", StringComparison.Ordinal))
            .TakeWhile(line => line.StartsWith('|')).Skip(2)
            .Select(line => line.Trim('|').Split('|', StringSplitOptions.TrimEntries)).ToList();
        Assert.True(rows.Count > 0, $"{name} has no table that starts with '{firstHeading}'.");
        return rows;
    }
}
