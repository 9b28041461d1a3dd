using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Llm4Msr.Platform;

namespace Llm4Msr.Import.Configuration;

/// <summary>Import configurations as JSON files: whatever is unknown, missing or of another type is told, all of it at once.</summary>
public static class ImportJson
{
    private const string Schema = "$schema";
    private const int DeepestNesting = 16;

    public static JsonSerializerOptions Options { get; } = new(StrictJson.Options)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
    };

    public static ImportConfiguration ReadFile(string path)
    {
        var configuration = ReadFile<ImportConfiguration>(path);
        ImportProblems.ThrowIfAny(configuration, $"'{path}'");
        return configuration;
    }

    /// <summary>A file of another type, as strictly.</summary>
    public static T ReadFile<T>(string path)
    {
        if (!File.Exists(path))
            throw new Llm4MsrException(FaultKind.Usage, $"There is no file '{path}'.");
        JsonNode? node;
        try
        {
            node = JsonNode.Parse(File.ReadAllBytes(path), documentOptions: new JsonDocumentOptions
            {
                CommentHandling = JsonCommentHandling.Skip,
                AllowTrailingCommas = true,
                AllowDuplicateProperties = false,
                MaxDepth = DeepestNesting,
            });
        }
        catch (JsonException e)
        {
            throw new Llm4MsrException(FaultKind.Usage, $"'{path}' is not JSON: {e.Message}", e);
        }
        (node as JsonObject)?.Remove(Schema);
        var problems = Problems(node, Options.GetTypeInfo(typeof(T)), "").ToList();
        if (problems.Count > 0)
            throw new Llm4MsrException(FaultKind.Usage, $"'{path}': {string.Join(Environment.NewLine, problems)}");
        return node.Deserialize<T>(Options)!;
    }

    public static JsonNode SchemaNode()
    {
        var schema = (JsonObject)Options.GetJsonSchemaAsNode(typeof(ImportConfiguration), new JsonSchemaExporterOptions { TreatNullObliviousAsNonNullable = true });
        ((JsonObject)schema["properties"]!)[Schema] = new JsonObject { ["type"] = "string" };
        return schema;
    }

    private static IEnumerable<string> Problems(JsonNode? node, JsonTypeInfo type, string place)
    {
        if (node is null)
            return [$"{place} is null, expected {Expected(type)}."];
        return type.Kind switch
        {
            JsonTypeInfoKind.Object => node is JsonObject o ? OfObject(o, type, place) : [Wrong(node, type, place)],
            JsonTypeInfoKind.Enumerable => node is JsonArray a ? a.SelectMany((element, k) => Problems(element, Options.GetTypeInfo(type.ElementType!), $"{place}[{k}]")) : [Wrong(node, type, place)],
            JsonTypeInfoKind.Dictionary => node is JsonObject o ? o.SelectMany(p => Problems(p.Value, Options.GetTypeInfo(type.ElementType!), $"{place}.{p.Key}")) : [Wrong(node, type, place)],
            _ => OfValue(node, type, place),
        };
    }

    private static IEnumerable<string> OfObject(JsonObject node, JsonTypeInfo type, string place)
    {
        JsonPropertyInfo[] known = [.. type.Properties.Where(p => p.Set is not null || p.AssociatedParameter is not null)];
        var prefix = place.Length == 0 ? "" : $"{place}.";
        foreach (var (key, value) in node)
        {
            if (known.FirstOrDefault(p => p.Name == key) is not { } property)
                yield return $"There is no key '{prefix}{key}'.{Nearest.Hint(key, known.Select(p => p.Name))}";
            else if (value is not null || !property.IsSetNullable)
            {
                foreach (var problem in Problems(value, Options.GetTypeInfo(property.PropertyType), prefix + key))
                    yield return problem;
            }
        }
        foreach (var missing in known.Where(p => IsRequired(p) && !node.ContainsKey(p.Name)))
            yield return $"'{prefix}{missing.Name}' is missing, expected {Expected(Options.GetTypeInfo(missing.PropertyType))}.";
    }

    private static bool IsRequired(JsonPropertyInfo property) => property.IsRequired || property.AssociatedParameter is { HasDefaultValue: false };

    private static IEnumerable<string> OfValue(JsonNode node, JsonTypeInfo type, string place)
    {
        try
        {
            node.Deserialize(type);
            return [];
        }
        catch (JsonException)
        {
            return [Wrong(node, type, place)];
        }
    }

    private static string Wrong(JsonNode node, JsonTypeInfo type, string place) => $"{place} is {node.ToJsonString(Options).Shortened(80)}, expected {Expected(type)}.";

    private static string Expected(JsonTypeInfo info)
    {
        var type = Nullable.GetUnderlyingType(info.Type) ?? info.Type;
        return type.IsEnum ? $"one of: {string.Join(", ", Enum.GetNames(type).Select(JsonNamingPolicy.KebabCaseLower.ConvertName))}"
            : type == typeof(string) ? "a text"
            : type == typeof(int) || type == typeof(long) ? "a whole number"
            : type == typeof(double) ? "a number"
            : type == typeof(bool) ? "true or false"
            : info.Kind == JsonTypeInfoKind.Enumerable ? "a list in brackets"
            : "an object in braces";
    }
}
