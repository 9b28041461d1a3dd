using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Llm4Msr.Cli.Configuration;
using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;

namespace Llm4Msr.Cli.Grids;

/// <summary>One side of what is compared.</summary>
/// <param name="Name">As people read it.</param>
/// <param name="Values">What the arm is made of, by key of a configuration.</param>
internal sealed record Arm(string Name, IReadOnlyDictionary<string, string> Values)
{
    public static Arm Of(string name, params (string Key, string Value)[] values) => new(name, values.ToDictionary(v => v.Key, v => v.Value, StringComparer.Ordinal));
}

/// <summary>One training of a grid, with all its seeds in one run folder.</summary>
/// <param name="Name">From a hash of everything that it is made with: equal cells share a folder, different ones never do.</param>
/// <param name="Settings">What is tried in every arm alike.</param>
internal sealed record Cell(string Name, Arm Arm, IReadOnlyDictionary<string, string> Settings, TrainConfig Config)
{
    private const int NameLength = 16;

    /// <summary>
    /// Of the resolved configuration, the data and what the knowledge store holds: not of how many seeds there are, which share
    /// a folder, of where the store lies, or of when checkpoints are written, which change no result.
    /// </summary>
    public static string NameOf(TrainConfig config, DataDescription data, string? knowledgeContent) => FileHash.Of(Configuration.Config.Canonical(new JsonObject
    {
        ["config"] = JsonSerializer.SerializeToNode(config with { CheckpointMinutes = 0, Seeds = 1, FirstSeed = 1, Knowledge = null }, Configuration.Config.Json),
        ["data"] = data.TrainingPartHash,
        ["knowledge"] = knowledgeContent,
    }))[..NameLength];

    /// <summary>What the data read of a store, as it describes itself.</summary>
    public static string ContentOf(string store, DataDescription data)
    {
        using var open = KnowledgeStore.OpenForReading(store);
        return open.ContentFor(data.TrainingPartHash);
    }

    /// <summary>Values as people read them: <c>learningRate 0.001, layers 2</c>.</summary>
    public static string Spelled(IReadOnlyDictionary<string, string> values) =>
        values.Count == 0 ? "-" : string.Join(", ", values.Select(v => string.Create(CultureInfo.InvariantCulture, $"{v.Key[(v.Key.LastIndexOf('.') + 1)..]} {v.Value}")));
}
