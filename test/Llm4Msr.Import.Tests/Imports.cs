using Llm4Msr.Data;
using Llm4Msr.Import.Configuration;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Import.Tests;

/// <summary>Runs imports in this process; that they run in one of their own is the command line's.</summary>
internal static class Imports
{
    /// <param name="look">Looks at the scratch folder now and then.</param>
    public static InteractionDataset Run(ScratchFolder scratch, ImportConfiguration configuration, string? folder = null, string output = "data", long memory = 1L << 30, Action<string>? look = null)
    {
        var spill = Directory.CreateDirectory(scratch[$"spill-{Guid.NewGuid():N}"]).FullName;
        try
        {
            DurableFile.WriteFolder(scratch[output], to => new ImportJob(configuration, folder ?? scratch.Root, to, spill, scratch[$"{output}.rejected.csv"], memory, 1).Run(_ => look?.Invoke(spill)));
            return InteractionDataset.Open(scratch[output]);
        }
        finally
        {
            Assert.Empty(Directory.GetFileSystemEntries(spill)); // also after an error
            Directory.Delete(spill, recursive: true);
        }
    }

    public static SortedDictionary<string, string> Hashes(string folder) => new(Directory
        .GetFiles(folder, "*", SearchOption.AllDirectories)
        .ToDictionary(f => Path.GetRelativePath(folder, f), FileHash.OfFile));

    /// <summary>One file of ratings with header user,item,rating,time and one scenario.</summary>
    public static ImportConfiguration Ratings(string file = "log.csv") => new()
    {
        Name = "ratings",
        Platform = new PlatformDescription("Sample", "a place for tests", "people", "things", "liked"),
        Scenarios = [new Scenario("shop", "people buy")],
        Interactions =
        [
            new InteractionSource
            {
                File = file, Scenario = new ScenarioRule(Name: "shop"), User = "user", Item = "item", Label = "rating > 3", Time = new TimeColumn("time"),
            },
        ],
        Split = new SplitOptions(SplitKind.Global),
        MaxRejected = 1,
    };

    /// <summary>What a test needs of each row, in the order of ranks.</summary>
    public static IEnumerable<(string User, string Item, bool Clicked, long Time)> Rows(this InteractionDataset data) =>
        Enumerable.Range(0, data.Interactions.Count).Select(rank => (
            data.Encoder.Users.Keys[data.Interactions.User[rank]], data.Encoder.Items.Keys[data.Interactions.Item[rank]],
            data.Interactions.Clicked[rank], data.Interactions.Time[rank]));
}
