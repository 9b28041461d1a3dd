using System.Text.RegularExpressions;
using System.Xml.Linq;
using Llm4Msr.Testing;

namespace Llm4Msr.Tests.Architecture;

/// <summary>Who may lean on whom. No arrow returns, and none leads from training or serving to the language model.</summary>
public partial class ArrowTests
{
    /// <summary>Rooms inside the library, and what each may use beside Platform.</summary>
    internal static readonly Dictionary<string, string[]> s_rooms = new()
    {
        ["Data"] = [],
        ["Knowledge"] = [],
        ["Models"] = ["Data", "Knowledge"],
        ["Evaluation"] = ["Data", "Models"],
        ["Training"] = ["Data", "Models", "Knowledge", "Evaluation"],
        ["Serving"] = ["Data", "Models", "Knowledge"],
    };

    internal static readonly Dictionary<string, string[]> s_projects = new()
    {
        ["Llm4Msr.Platform"] = [],
        ["Llm4Msr"] = ["Llm4Msr.Platform"],
        ["Llm4Msr.Language"] = ["Llm4Msr.Platform"],
        ["Llm4Msr.Reasoning"] = ["Llm4Msr", "Llm4Msr.Language"],
        ["Llm4Msr.Import"] = ["Llm4Msr"],
        ["Llm4Msr.Experiments"] = ["Llm4Msr", "Llm4Msr.Reasoning"],
        ["Llm4Msr.Cli"] = ["Llm4Msr.Experiments", "Llm4Msr.Import", "Llm4Msr.Reasoning"],
    };

    private static readonly string s_source = Path.Combine(TestFiles.RepositoryRoot, "src");

    public static TheoryData<string> Rooms => [.. s_rooms.Keys];

    public static TheoryData<string> Projects => [.. s_projects.Keys];

    [Theory, MemberData(nameof(Rooms))]
    public void ARoomUsesOnlyTheRoomsBelowIt(string room)
    {
        var used = Directory.EnumerateFiles(Path.Combine(s_source, "Llm4Msr", room), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => RoomName().Matches(File.ReadAllText(file)).Select(m => m.Groups[1].Value))
            .Where(s_rooms.ContainsKey).Distinct().Except([room]).ToList();

        Assert.Empty(used.Except(s_rooms[room]));
    }

    [Fact]
    public void EveryFolderOfTheLibraryIsARoom() =>
        Assert.Equal(s_rooms.Keys.Order(), Folders(Path.Combine(s_source, "Llm4Msr")));

    [Theory, MemberData(nameof(Projects))]
    public void AProjectReferencesOnlyTheProjectsBelowIt(string project)
    {
        var references = XDocument.Load(Path.Combine(s_source, project, project + ".csproj")).Descendants("ProjectReference")
            .Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value));

        Assert.Equal(s_projects[project].Order(), references.Order());
    }

    [Fact]
    public void EveryProjectIsNamedHere() => Assert.Equal(s_projects.Keys.Order(), Folders(s_source));

    [Fact]
    public void ALibraryLeavesTheChoiceOfLibtorchToTheApplication()
    {
        foreach (var project in s_projects.Keys.Where(p => p != "Llm4Msr.Cli"))
        {
            Assert.DoesNotContain(XDocument.Load(Path.Combine(s_source, project, project + ".csproj")).Descendants("PackageReference"),
                r => r.Attribute("Include")!.Value.StartsWith("libtorch", StringComparison.Ordinal));
        }
    }

    private static IEnumerable<string> Folders(string folder) =>
        Directory.EnumerateDirectories(folder).Select(f => Path.GetFileName(f)).Except(["bin", "obj"]).Order();

    /// <summary>A room of the library where a using line or a longer name begins with it; sibling projects have names of their own.</summary>
    [GeneratedRegex(@"(?<![.\w])(?:Llm4Msr\.)?(\w+)[.;]")]
    private static partial Regex RoomName();
}
