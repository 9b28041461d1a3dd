using System.Text.RegularExpressions;
using Llm4Msr.Testing;

namespace Llm4Msr.Tests.Docs;

/// <summary>What docs/faults.md and docs/decisions.md name has to exist.</summary>
public partial class ModelDocsTests
{
    private static readonly string s_root = TestFiles.RepositoryRoot;

    [Fact]
    public void EveryFaultHasATestThatExistsOrAReason()
    {
        var rows = Lines("faults.md").Select(line => FaultRow().Match(line)).Where(m => m.Success).ToList();

        Assert.Equal(Enumerable.Range(1, 29), rows.Select(m => int.Parse(m.Groups["number"].Value, System.Globalization.CultureInfo.InvariantCulture)));
        foreach (var proof in rows.Select(m => m.Groups["proof"].Value))
        {
            var named = Names(proof);
            Assert.True(named.Count > 0 || proof.StartsWith("cannot occur: ", StringComparison.Ordinal), proof);
            Assert.All(named, name => Assert.True(IsTest(name.Type, name.Member), $"{name.Type}.{name.Member} is no test"));
        }
    }

    [Fact]
    public void EveryOpenPointHasADecisionAReasonAndAPlaceThatExists()
    {
        var text = string.Join('\n', Lines("decisions.md"));
        var sections = Section().Split(text)[1..];

        Assert.Equal([.. "abcdefghijk"], Section().Matches(text).Select(m => m.Groups["letter"].Value[0]));
        Assert.All(sections.Where((_, k) => k % 2 == 1), section =>
        {
            Assert.Contains("\n- Decision: ", section, StringComparison.Ordinal);
            Assert.Contains("\n- Why: ", section, StringComparison.Ordinal);
            Assert.Contains("\n- In code: ", section, StringComparison.Ordinal);
        });
        var places = Lines("decisions.md").Where(line => line.Contains("In code: ", StringComparison.Ordinal)).SelectMany(line => Names(line[line.IndexOf("In code: ", StringComparison.Ordinal)..])).ToList();
        Assert.True(places.Count > 20);
        Assert.All(places, name => Assert.True(IsInSource(name.Type, name.Member), $"{name.Type}.{name.Member} is not in the code"));
    }

    private static string[] Lines(string document) => File.ReadAllLines(Path.Combine(s_root, "docs", document));

    private static List<(string Type, string Member)> Names(string text) =>
        [.. CodeName().Matches(text).Select(m => (m.Groups["type"].Value, m.Groups["member"].Value))];

    private static bool IsTest(string type, string method) => Sources("test")
        .Where(file => Path.GetFileNameWithoutExtension(file) == type)
        .Any(file => Regex.IsMatch(File.ReadAllText(file), $@"\[(Fact|Theory)[^\n]*\n(\s*\[[^\n]*\n)*\s*public (async Task|void) {method}\("));

    private static bool IsInSource(string type, string member) => Sources("src").Select(File.ReadAllText)
        .Any(source => Regex.IsMatch(source, $@"\b(class|record|enum) {type}\b") && Regex.IsMatch(source, $@"\b{member}\b"));

    private static IEnumerable<string> Sources(string folder) =>
        Directory.EnumerateFiles(Path.Combine(s_root, folder), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal));

    [GeneratedRegex(@"^\| (?<number>\d+) \| [^|]+ \| (?<proof>[^|]+) \|$")]
    private static partial Regex FaultRow();

    [GeneratedRegex(@"(?m)^## (?<letter>[a-k])\. ")]
    private static partial Regex Section();

    [GeneratedRegex(@"`(?<type>\w+)\.(?<member>\w+)`")]
    private static partial Regex CodeName();
}
