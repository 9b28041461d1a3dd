using System.Text.Json;
using System.Text.Json.Serialization;
using Llm4Msr.Platform;

namespace Llm4Msr.Data;

/// <summary>What prepared data are, where they come from and what is in them; kept beside the tables as <c>data.json</c>.</summary>
/// <param name="InteractionsHash">
/// SHA-256 over interactions, users and items as read, whatever the split: knowledge made from one split of the same
/// interactions fits every other.
/// </param>
/// <param name="TrainingPartHash">SHA-256 of the interactions' hash and the parts: names the training part, whose statistics scenario prompts hold.</param>
public sealed record DataDescription(
    string Source,
    PlatformDescription Platform,
    IReadOnlyList<Scenario> Scenarios,
    SplitOptions Split,
    IReadOnlyDictionary<Part, PartFacts> Parts,
    DataStatistics All,
    DataStatistics Training,
    string InteractionsHash,
    string TrainingPartHash,
    IReadOnlyDictionary<string, FileFacts> Inputs)
{
    /// <summary>Values in fewer training rows share the index of those never seen.</summary>
    public int MinCount { get; init; } = 1;

    /// <summary>How much of each field is known; empty in folders of an earlier program.</summary>
    public IReadOnlyList<FieldFrequency> Fields { get; init; } = [];

    /// <summary>What became of the logs' rows; null where none were read.</summary>
    public ImportReport? Import { get; init; }

    internal static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
    };

    internal static T Read<T>(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(File.ReadAllBytes(path), Json) ?? throw new JsonException("it is empty");
        }
        catch (JsonException e)
        {
            throw new Llm4MsrException(FaultKind.Damaged, $"'{path}' cannot be read: {e.Message} Make the folder again.", e);
        }
    }

    internal static void Write<T>(string path, T value) => DurableFile.WriteText(path, JsonSerializer.Serialize(value, Json) + "\n");
}

/// <param name="FirstRank">Lowest rank in the part, -1 where it is empty.</param>
/// <param name="LastRank">Highest rank in the part, -1 where it is empty.</param>
public sealed record PartFacts(int Interactions, int FirstRank, int LastRank);
