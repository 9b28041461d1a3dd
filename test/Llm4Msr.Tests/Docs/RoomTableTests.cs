using Llm4Msr.Testing;
using Llm4Msr.Tests.Architecture;

namespace Llm4Msr.Tests.Docs;

/// <summary>The map of the house in the README shows the arrows that <see cref="ArrowTests"/> holds the code to.</summary>
public class RoomTableTests
{
    [Fact]
    public void TheReadmesProjectsMayUseWhatTheArrowsSay() => Assert.Equal(Lines(ArrowTests.s_projects), Lines(Shown("project")));

    [Fact]
    public void TheReadmesRoomsMayUseWhatTheArrowsSay() => Assert.Equal(Lines(ArrowTests.s_rooms), Lines(Shown("room of `Llm4Msr`")));

    private static IEnumerable<KeyValuePair<string, string[]>> Shown(string heading) => Documents.Table("README.md", heading)
        .Select(row => KeyValuePair.Create(row[0].Trim('`'), row[1] == "–" ? [] : row[1].Replace("`", "", StringComparison.Ordinal).Split(", ")));

    /// <summary>As lines, so that a failure shows the row to write.</summary>
    private static IEnumerable<string> Lines(IEnumerable<KeyValuePair<string, string[]>> arrows) =>
        arrows.Select(a => $"{a.Key} may use {string.Join(", ", a.Value.Order(StringComparer.Ordinal))}").Order(StringComparer.Ordinal);
}
