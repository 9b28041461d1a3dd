using System.Text.RegularExpressions;
using Llm4Msr.Testing;

namespace Llm4Msr.Cli.Tests.Docs;

/// <summary>A link of a document leads to a file that is there; one whose text is a name leads to where the name is declared.</summary>
public sealed partial class LinkTests
{
    public static TheoryData<string> DocumentNames => [.. Documents.Names];

    [Theory, MemberData(nameof(DocumentNames))]
    public void EveryLinkLeadsSomewhere(string document) => Assert.Empty(
        Links(document).Where(link => !File.Exists(link.Target) && !Directory.Exists(link.Target)).Select(link => link.Target));

    [Theory, MemberData(nameof(DocumentNames))]
    public void EveryLinkedNameIsDeclaredWhereItLeads(string document) => Assert.Empty(
        Links(document).Where(link => link.Target.EndsWith(".cs", StringComparison.Ordinal) && !Declares(link.Target, link.Text.Trim('`')))
            .Select(link => $"{link.Text} is not declared in {link.Target}"));

    private static IEnumerable<(string Text, string Target)> Links(string document) => Link().Matches(Documents.Read(document))
        .Select(m => (Text: m.Groups["text"].Value, Target: m.Groups["target"].Value))
        .Where(link => !link.Target.StartsWith("https://", StringComparison.Ordinal) && !link.Target.StartsWith('#'))
        .Select(link => (link.Text, Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Documents.PathOf(document))!, link.Target.Split('#')[0]))));

    /// <param name="name">A type, or a type and a member of it.</param>
    private static bool Declares(string path, string name)
    {
        var (type, member) = name.Split('.', 2) is [var t, var m] ? (t, m) : (name, null);
        var code = File.ReadAllText(path);
        return Regex.IsMatch(code, $@"\b(?:class|record|struct|enum|interface|delegate)\s[^(;]*?\b{type}\b")
            && (member is null
                || Regex.IsMatch(code, $@"(?m)^\s*(?:public|internal|private)\s[^={{;]*\b{member}\b")
                || Regex.IsMatch(code, $@"(?m)^\s*{member}(?:\s*=[^,]*)?,?$")); // a value of an enumeration
    }

    [GeneratedRegex(@"\[(?<text>[^\]\n]+)\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();
}
