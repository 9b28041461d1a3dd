using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Llm4Msr.Data;
using Llm4Msr.Models;
using Llm4Msr.Platform;

namespace Llm4Msr.Cli.Configuration;

/// <summary>
/// Configurations as JSON: what is said in one place lies over what is said in another, and over the preset's values. A key
/// that nobody reads is an error, with what was probably meant.
/// </summary>
internal static class Config
{
    private const string Schema = "$schema";

    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.Strict,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Every key, as --set takes it: <c>training.learningRate</c>.</summary>
    public static IReadOnlyList<string> Keys { get; } = [.. KeysOf(typeof(TrainConfig), "")];

    public static JsonObject ReadFile(string path)
    {
        if (!File.Exists(path))
            throw new Llm4MsrException(FaultKind.Usage, $"There is no configuration file '{path}'. 'llm4msr config show' prints one to start from.");
        try
        {
            var options = new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, AllowDuplicateProperties = false, MaxDepth = 8 };
            var file = JsonNode.Parse(File.ReadAllBytes(path), documentOptions: options) as JsonObject ?? throw new JsonException("it holds no object");
            file.Remove(Schema);
            Check(file, "", $"'{path}': ");
            return file;
        }
        catch (JsonException e)
        {
            throw new Llm4MsrException(FaultKind.Usage, $"'{path}' cannot be read: {e.Message}", e);
        }
    }

    /// <param name="assignment"><c>key=value</c>.</param>
    public static JsonObject Assign(string assignment)
    {
        var equals = assignment.IndexOf('=', StringComparison.Ordinal);
        if (equals < 1)
            throw new Llm4MsrException(FaultKind.Usage, $"--set is '{assignment}', expected KEY=VALUE, for example training.learningRate=0.0003.");
        return Assign(assignment[..equals], assignment[(equals + 1)..]);
    }

    /// <summary>A configuration of one value.</summary>
    public static JsonObject Assign(string key, string value)
    {
        var type = TypeOf(key);
        JsonNode? node = value == "null" ? null : value;
        if (node is not null && type != typeof(string) && !type.IsEnum)
        {
            try
            {
                node = JsonNode.Parse(Json.GetTypeInfo(type).Kind == JsonTypeInfoKind.Enumerable && !value.StartsWith('[') ? $"[{value}]" : value);
            }
            catch (JsonException)
            {
                // It stays a text, and the reader will say what it expected.
            }
        }
        foreach (var name in key.Split('.').Reverse())
            node = new JsonObject { [name] = node };
        return (JsonObject)node!;
    }

    /// <summary>One configuration from several, the later over the earlier, over the preset's values.</summary>
    /// <param name="split">Of the data, which decides a default; null where there are none.</param>
    public static TrainConfig Resolve(IReadOnlyList<JsonObject> layers, SplitKind? split)
    {
        foreach (var layer in layers)
            Read<TrainConfig>(layer, ""); // a wrong value is told even where another lies over it
        var given = layers.Aggregate(new JsonObject(), Over);
        var preset = Read<Preset>(given["preset"], "preset");
        var enhancement = Read<EnhancementKind>((given["model"] as JsonObject)?["enhancement"], "model.enhancement");
        var defaults = (JsonObject)JsonSerializer.SerializeToNode(TrainConfig.Defaults(preset, enhancement, split), Json)!;
        if (preset == Preset.Paper && (given["training"] as JsonObject)?["learningRate"] is { } rate)
            defaults["training"]!["generatorLearningRate"] = rate.DeepClone(); // the paper has one rate
        return Read<TrainConfig>(Over(defaults, given), "")!;
    }

    /// <summary>The same for equal configurations, whatever the order of their keys, and different for different ones.</summary>
    public static string Canonical(JsonNode? node) => node switch
    {
        JsonObject o => $"{{{string.Join(',', o.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{JsonSerializer.Serialize(p.Key)}:{Canonical(p.Value)}"))}}}",
        JsonArray a => $"[{string.Join(',', a.Select(Canonical))}]",
        null => "null",
        _ => node.ToJsonString(),
    };

    public static JsonNode SchemaNode()
    {
        var schema = (JsonObject)Json.GetJsonSchemaAsNode(typeof(TrainConfig), new JsonSchemaExporterOptions { TreatNullObliviousAsNonNullable = true });
        ((JsonObject)schema["properties"]!)[Schema] = new JsonObject { ["type"] = "string" };
        return schema;
    }

    private static JsonObject Over(JsonObject below, JsonObject above)
    {
        var result = (JsonObject)below.DeepClone();
        foreach (var (key, value) in above)
            result[key] = result[key] is JsonObject inner && value is JsonObject over ? Over(inner, over) : value?.DeepClone();
        return result;
    }

    private static T? Read<T>(JsonNode? node, string key)
    {
        try
        {
            return node is null ? default : node.Deserialize<T>(Json);
        }
        catch (JsonException e)
        {
            var place = string.Join('.', new[] { key, e.Path?.TrimStart('$', '.') ?? "" }.Where(p => p.Length > 0));
            var found = place.Split('.', '[').Aggregate(node, (n, name) => n is JsonObject o && o.TryGetPropertyValue(name, out var inner) ? inner : n);
            throw new Llm4MsrException(FaultKind.Usage, $"{place} is {found?.ToJsonString() ?? "null"}, expected {Expected(place)}.", e);
        }
    }

    private static string Expected(string key)
    {
        var type = Keys.Contains(key) ? TypeOf(key) : typeof(object);
        return type.IsEnum ? $"one of: {string.Join(", ", Enum.GetNames(type).Select(JsonNamingPolicy.KebabCaseLower.ConvertName))}"
            : type == typeof(int) ? "a whole number"
            : type == typeof(double) ? "a number"
            : type == typeof(bool) ? "true or false"
            : "what 'llm4msr config schema' says";
    }

    private static void Check(JsonObject given, string prefix, string place)
    {
        foreach (var (name, value) in given)
        {
            var key = prefix + name;
            if (!IsKnown(key))
                throw Unknown(key, place);
            if (value is JsonObject inner)
                Check(inner, key + ".", place);
        }
    }

    private static bool IsKnown(string key) => Keys.Contains(key) || Keys.Any(k => k.StartsWith(key + ".", StringComparison.Ordinal));

    private static Llm4MsrException Unknown(string key, string place)
    {
        var name = key[(key.LastIndexOf('.') + 1)..];
        var hint = Keys.FirstOrDefault(k => k.EndsWith($".{name}", StringComparison.Ordinal)) is { } elsewhere ? $" Did you mean '{elsewhere}'?" : Nearest.Hint(key, Keys);
        return new Llm4MsrException(FaultKind.Usage, $"{place}There is no key '{key}'.{hint}");
    }

    private static Type TypeOf(string key)
    {
        if (!Keys.Contains(key))
            throw Unknown(key, "");
        var type = key.Split('.').Aggregate(typeof(TrainConfig), (owner, name) => Json.GetTypeInfo(owner).Properties.Single(p => p.Name == name).PropertyType);
        return Nullable.GetUnderlyingType(type) ?? type;
    }

    private static IEnumerable<string> KeysOf(Type type, string prefix)
    {
        foreach (var property in Json.GetTypeInfo(type).Properties.Where(p => p.Set is not null || p.AssociatedParameter is not null))
        {
            if (Json.GetTypeInfo(property.PropertyType).Kind == JsonTypeInfoKind.Object)
            {
                foreach (var key in KeysOf(property.PropertyType, $"{prefix}{property.Name}."))
                    yield return key;
            }
            else
            {
                yield return prefix + property.Name;
            }
        }
    }
}
