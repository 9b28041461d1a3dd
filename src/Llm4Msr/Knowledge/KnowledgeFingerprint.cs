using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Llm4Msr.Platform;

namespace Llm4Msr.Knowledge;

/// <summary>
/// Whether hidden states were taken before or after the language model's final norm. States whose name ends in a layer
/// ("last_prompt_token-layer12") come from behind that layer, before any norm, whatever the others are.
/// </summary>
public enum KnowledgeNorm
{
    Pre,
    Post,
}

/// <summary>How vectors are stored.</summary>
public enum KnowledgePrecision
{
    Fp16,
    Fp32,
}

/// <summary>
/// Everything that must be equal for two vectors to be comparable. A store holds knowledge of one fingerprint, and a
/// model names the one that it was trained with.
/// </summary>
public sealed partial record KnowledgeFingerprint
{
    /// <summary>The newest meaning of this record; a field added or understood anew is a new version.</summary>
    public const int CurrentVersion = 2;

    /// <summary>The oldest version that says all of it, so that one meaning has one spelling: 2 knows a system message.</summary>
    public int Version => SystemMessage is null ? 1 : 2;

    /// <summary>The language model's name, or the name of an import.</summary>
    public required string Source { get; init; }

    /// <summary>SHA-256 of the weights as they lie on disk, quantisation included; "" where an import has none.</summary>
    public required string WeightsHash { get; init; }

    public required string TokenizerHash { get; init; }

    public required string TemplateHash { get; init; }

    /// <summary>How the prompt is wrapped for the model: the chat template's name, or "none".</summary>
    public required string ChatFormat { get; init; }

    /// <summary>
    /// What the model was told before the prompt; null for nothing. Version 1 did not say it: a store of it may have been
    /// made with one.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SystemMessage { get; init; }

    /// <summary>How tokens were chosen and how many: "greedy, 48 new tokens".</summary>
    public required string Decoding { get; init; }

    /// <summary>The definitions of the kept hidden states, one vector of every record each, in this order.</summary>
    public required IReadOnlyList<string> States { get; init; }

    public required KnowledgeNorm Norm { get; init; }

    /// <summary>Values per vector of a user; 0 where there is no user knowledge.</summary>
    public required int UserWidth { get; init; }

    /// <summary>Values per vector of a scenario; 0 where there is no scenario knowledge.</summary>
    public required int ScenarioWidth { get; init; }

    /// <summary>T of the paper: the most interactions of one scenario in a user's prompt.</summary>
    public required int HistoryLength { get; init; }

    public required KnowledgeProtocol Protocol { get; init; }

    [JsonRequired]
    public KnowledgePrecision Precision { get; init; } = KnowledgePrecision.Fp16;

    /// <summary>Canonical JSON: every field, in the order above, without white space.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, StrictJson.Options);

    /// <summary>SHA-256 of the canonical JSON.</summary>
    public string Hash() => FileHash.Of(ToJson());

    /// <param name="whereFrom">The file that held the text, for the message.</param>
    public static KnowledgeFingerprint FromJson(string json, string whereFrom)
    {
        try
        {
            var version = JsonNode.Parse(json)?["version"]?.GetValue<int>();
            if (version > CurrentVersion)
            {
                throw new Llm4MsrException(FaultKind.Damaged, $"'{whereFrom}' holds a knowledge fingerprint of version {version}; "
                    + $"this program knows versions up to {CurrentVersion}. Use the program that wrote it, or a newer one.");
            }
            var fingerprint = JsonSerializer.Deserialize<KnowledgeFingerprint>(json, StrictJson.Options) ?? throw new JsonException("it is null");
            if (version != fingerprint.Version)
                throw new JsonException($"its version is {version?.ToString(CultureInfo.InvariantCulture) ?? "missing"}, expected {fingerprint.Version} for what it says");
            fingerprint.Check();
            return fingerprint;
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or ArgumentException)
        {
            throw new Llm4MsrException(FaultKind.Damaged, $"The knowledge fingerprint in '{whereFrom}' cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Each field that differs, with both values; empty where the two are equal.</summary>
    public IReadOnlyList<string> DifferencesTo(KnowledgeFingerprint other)
    {
        var (mine, theirs) = (JsonNode.Parse(ToJson())!.AsObject(), JsonNode.Parse(other.ToJson())!.AsObject());
        return [.. mine.Concat(theirs).Select(field => field.Key).Distinct()
            .Where(field => field != "version" && !JsonNode.DeepEquals(mine[field], theirs[field])) // the version follows from the rest
            .Select(field => $"{field}: {Text(mine[field])}, not {Text(theirs[field])}")];

        static string Text(JsonNode? value) => value?.ToJsonString(StrictJson.Options) ?? "null";
    }

    public bool Equals(KnowledgeFingerprint? other) => other is not null && ToJson() == other.ToJson();

    public override int GetHashCode() => ToJson().GetHashCode(StringComparison.Ordinal);

    /// <summary>Values per vector of <paramref name="level"/>.</summary>
    public int WidthOf(KnowledgeLevel level) => level == KnowledgeLevel.User ? UserWidth : ScenarioWidth;

    /// <summary>Where <paramref name="state"/> stands in <see cref="States"/>; an unknown one is an error that lists the known.</summary>
    public int IndexOf(string state)
    {
        for (var index = 0; index < States.Count; index++)
        {
            if (States[index] == state)
                return index;
        }
        throw new Llm4MsrException(FaultKind.Usage, $"The knowledge of '{Source}' holds no state '{state}'. It holds: {string.Join(", ", States)}.");
    }

    /// <summary>Throws with everything that makes this fingerprint unusable.</summary>
    internal void Check()
    {
        List<string> problems = [];
        if (Source.Length == 0)
            problems.Add("source is empty");
        if (States.Count == 0)
            problems.Add("states is empty");
        problems.AddRange(States.Where(s => !PlainName().IsMatch(s)).Select(s => $"states holds '{s}', expected a lowercase name of up to 64 letters, digits, '_', '-'"));
        problems.AddRange(States.GroupBy(s => s).Where(g => g.Count() > 1).Select(g => $"states holds '{g.Key}' more than once"));
        if (UserWidth < 0 || ScenarioWidth < 0 || UserWidth + ScenarioWidth == 0)
            problems.Add($"userWidth is {UserWidth} and scenarioWidth {ScenarioWidth}, expected at least one above 0 and none below");
        if (HistoryLength < 0)
            problems.Add($"historyLength is {HistoryLength}, expected 0 or more");
        if (problems.Count > 0)
            throw new ArgumentException($"This knowledge fingerprint cannot be used: {string.Join("; ", problems)}.");
    }

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9_-]{0,63}\z", RegexOptions.CultureInvariant)]
    private static partial Regex PlainName();
}
