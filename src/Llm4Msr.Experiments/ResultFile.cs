using System.Text.Json;
using System.Text.Json.Serialization;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning.Audit;

namespace Llm4Msr.Experiments;

/// <summary>
/// Reads what other commands write or print as JSON. A file is known by what stands in it, not by its name: who saves what a
/// command prints names it as they like.
/// </summary>
public static class ResultFile
{
    /// <summary>Files that commands write into their folders.</summary>
    public static readonly IReadOnlyList<string> Names =
        ["controls.json", "table2.json", "table3.json", "figure3.json", "figure4.json", "plm.json", "value.json", "protocols.json"];

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        RespectRequiredConstructorParameters = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
    };

    /// <returns>One of the results that <see cref="ReportInputs"/> holds.</returns>
    public static object Read(string path)
    {
        try
        {
            using var file = JsonDocument.Parse(File.ReadAllBytes(path));
            var root = file.RootElement;
            if (root.ValueKind == JsonValueKind.Object && KindOf(root) is { } kind)
                return root.Deserialize(kind, s_json)!;
        }
        catch (JsonException e)
        {
            throw new Llm4MsrException(FaultKind.BadInput, $"'{path}' cannot be read: {e.Message} Make it again.", e);
        }
        throw new Llm4MsrException(FaultKind.BadInput, $"'{path}' is none of the results that a report shows: what 'controls', 'protocols', 'reproduce' and 'value' write into their folders, "
            + "or what 'audit leak', 'knowledge stats' and 'reason' print with --json.");
    }

    /// <summary>The command that makes such a result.</summary>
    public static string CommandOf(object result) => result switch
    {
        ControlsResult => "controls",
        ValueResult => "value",
        ProtocolsResult => "protocols",
        ReproducedResult reproduced => $"reproduce {reproduced.What}",
        TimesResult => "reproduce table3",
        LeakReport => "audit leak",
        StoredKnowledge => "knowledge stats",
        ReasoningCost => "reason",
        _ => throw new ArgumentOutOfRangeException(nameof(result), result, null),
    };

    private static Type? KindOf(JsonElement root)
    {
        return Has("sentence", "policies") ? typeof(ValueResult)
            : Has("sentence", "protocols") ? typeof(ProtocolsResult)
            : Has("sentence", "smallestGain") ? typeof(ControlsResult)
            : Has("what", "paperSays") ? typeof(ReproducedResult)
            : Has("rounds", "batch") ? typeof(TimesResult)
            : Has("protocol", "findings") ? typeof(LeakReport)
            : Has("fingerprint", "quality") ? typeof(StoredKnowledge)
            : Has("promptTokens", "alreadyStored") ? typeof(ReasoningCost)
            : null;

        bool Has(params string[] names) => names.All(name => root.TryGetProperty(name, out _));
    }
}
