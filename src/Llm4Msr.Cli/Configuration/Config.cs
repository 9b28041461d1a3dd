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

    /// <summary>Writes a value as configurations and results are written: a file, whole or not at all.</summary>
    public static void WriteFile<T>(string path, T value) => DurableFile.WriteText(path, JsonSerializer.Serialize(value, Json) + "\n");

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
    /// <exception cref="Llm4MsrException">A value is wrong, or nobody reads it.</exception>
    public static TrainConfig Resolve(IReadOnlyList<JsonObject> layers, SplitKind? split)
    {
        var (config, unread) = ResolveWhatIsRead(layers, split);
        return unread is [var (key, value, needed), ..]
            ? throw new Llm4MsrException(FaultKind.Usage, $"{key} is {value}, and nothing reads it: it belongs to {needed}. Leave it out, or say {needed}.")
            : config;
    }

    /// <summary>The same for one of several models that are made from the same values, of which each reads its own.</summary>
    /// <returns>The configuration with defaults in the place of what nobody reads, and that: values which are no defaults.</returns>
    public static (TrainConfig Config, IReadOnlyList<(string Key, string Value, string Needed)> Unread) ResolveWhatIsRead(IReadOnlyList<JsonObject> layers, SplitKind? split)
    {
        foreach (var layer in layers)
            Read<TrainConfig>(layer, ""); // a wrong value is told even where another lies over it
        if (layers.Select(layer => layer["preset"]?.GetValue<string>()).OfType<string>().Distinct().ToList() is [var first, var second, ..])
        {
            throw new Llm4MsrException(FaultKind.Usage,
                $"preset is {first} in one place and {second} in another, and values that were shown under the one would stand as if chosen under the other. Say it once: start from 'llm4msr config show --set preset={second}'.");
        }
        var given = layers.Aggregate(new JsonObject(), Over);
        if (given["model"] is JsonObject said && said["fusion"] is null)
            said.Remove("fusion"); // what a configuration without knowledge shows says nothing of one with
        var preset = Read<Preset>(given["preset"], "preset");
        var enhancement = Read<EnhancementKind>((given["model"] as JsonObject)?["enhancement"], "model.enhancement");
        var defaults = Node(TrainConfig.Defaults(preset, enhancement, split));
        if (preset == Preset.Paper && (given["training"] as JsonObject)?["learningRate"] is { } rate)
            defaults["training"]!["generatorLearningRate"] = rate.DeepClone(); // the paper has one rate

        var model = Read<TrainConfig>(Over(defaults, given), "")!.Model;
        List<JsonObject> others = [.. Enum.GetValues<EnhancementKind>().Select(other => Node(TrainConfig.Defaults(preset, other, split)))];
        List<(string, string, string)> unread = [];
        foreach (var (key, value) in Leaves(given, "").ToList())
        {
            if (KeyReaders.Missing(key, model) is not { } needed)
                continue;
            if (!others.Append(defaults).Any(d => JsonNode.DeepEquals(value, At(d, key))))
                unread.Add((key, value?.ToJsonString() ?? "null", needed));
            Remove(given, key);
        }
        return (Read<TrainConfig>(Over(defaults, given), "")!, unread);
    }

    /// <summary>What a configuration comes to, to start another from: without what nobody reads, and without what the data decide where nobody said it.</summary>
    public static JsonObject Shown(IReadOnlyList<JsonObject> layers)
    {
        var config = Resolve(layers, split: null);
        var shown = Node(config);
        const string DecidedByTheSplit = "training.idDropout";
        foreach (var key in Keys.Where(key => KeyReaders.Missing(key, config.Model) is not null && At(shown, key) is not null))
            Remove(shown, key);
        if (layers.All(layer => At(layer, DecidedByTheSplit) is null))
            Remove(shown, DecidedByTheSplit);
        return shown;
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

    private static JsonObject Node(TrainConfig config) => (JsonObject)JsonSerializer.SerializeToNode(config, Json)!;

    private static IEnumerable<(string Key, JsonNode? Value)> Leaves(JsonObject owner, string prefix) =>
        owner.SelectMany(p => p.Value is JsonObject inner ? Leaves(inner, $"{prefix}{p.Key}.") : [($"{prefix}{p.Key}", p.Value)]);

    private static JsonNode? At(JsonNode? root, string key) => key.Split('.').Aggregate(root, (node, name) => (node as JsonObject)?[name]);

    /// <summary>Removes a key, and what held nothing else.</summary>
    private static void Remove(JsonObject root, string key)
    {
        var dot = key.LastIndexOf('.');
        var owner = dot < 0 ? root : (JsonObject)At(root, key[..dot])!;
        owner.Remove(key[(dot + 1)..]);
        if (owner.Count == 0 && dot > 0)
            Remove(root, key[..dot]);
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
        if (Keys.FirstOrDefault(k => k.StartsWith(key + ".", StringComparison.Ordinal)) is { } one)
            return new Llm4MsrException(FaultKind.Usage, $"{place}'{key}' is a group of keys, for example '{one}'. Set one of them.");
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
