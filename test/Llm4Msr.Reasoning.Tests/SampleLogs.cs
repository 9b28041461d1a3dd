using Llm4Msr.Data;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Reasoning.Tests;

/// <summary>Logs written out row by row, so that a test can say what each prompt must hold.</summary>
internal static class SampleLogs
{
    private static readonly Scenario[] s_scenarios = [new("search", "people look for something"), new("feed", "people browse")];

    /// <param name="rows">(user, item, scenario, liked), in the order of time.</param>
    /// <param name="times">Of the rows; one second apart where none are given.</param>
    /// <param name="items">How many there are; those of the rows where it is not given.</param>
    public static InteractionDataset Prepare(
        ScratchFolder scratch, IReadOnlyList<(int User, int Item, int Scenario, bool Liked)> rows, Func<int, ItemWords>? words = null, SplitOptions? split = null,
        IReadOnlyList<long>? times = null, int? items = null)
    {
        var users = rows.Max(r => r.User);
        items ??= rows.Max(r => r.Item);
        var raw = new RawData(
            "sample",
            new PlatformDescription("Shelf", "a place for tests", "readers", "books", "liked"),
            s_scenarios,
            new RawEntities([.. Enumerable.Range(1, users).Select(u => $"{u}")], []),
            new RawEntities([.. Enumerable.Range(1, items.Value).Select(i => $"{i}")], []),
            [.. Enumerable.Range(1, items.Value).Select(words ?? (i => new ItemWords($"Book {i}", "novel")))],
            [.. rows.Select((r, k) => new RawInteraction(r.Scenario, r.User - 1, r.Item - 1, r.Liked, r.Liked, times?[k] ?? 1000 + k, []))],
            [],
            new Dictionary<string, FileFacts>());
        var folder = scratch[$"data-{Guid.NewGuid():N}"];
        DurableFile.WriteFolder(folder, f => PreparedDataWriter.Write(f, raw, split ?? new SplitOptions()));
        return InteractionDataset.Open(folder);
    }
}
