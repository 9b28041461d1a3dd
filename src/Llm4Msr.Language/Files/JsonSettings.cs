using System.Text.Json;
using Llm4Msr.Platform;

namespace Llm4Msr.Language.Files;

/// <summary>An object of a JSON file whose values are asked for by key and kind; what is wrong is named with the file.</summary>
internal sealed class JsonSettings
{
    private const long LargestFile = 1 << 20;

    private readonly JsonElement _root;

    private JsonSettings(string path, JsonElement root)
    {
        Path = path;
        _root = root;
    }

    public string Path { get; }

    public JsonElement Root => _root;

    /// <param name="largest">In bytes.</param>
    /// <exception cref="Llm4MsrException">There is no such file; it is too large, or not a JSON object.</exception>
    public static JsonSettings Read(string path, long largest = LargestFile)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
            throw new Llm4MsrException(FaultKind.BadInput, $"There is no file '{path}'.");
        if (file.Length > largest)
            throw Damaged(path, $"it has {file.Length} bytes, at most {largest} are read");
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 16 });
            if (!IsText(document.RootElement))
                throw Damaged(path, "it holds text that is not Unicode");
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new JsonSettings(path, document.RootElement.Clone())
                : throw Damaged(path, "it is not an object");
        }
        catch (JsonException e)
        {
            throw Damaged(path, e.Message, e);
        }
    }

    public int Size(string key, int? otherwise = null) =>
        Find(key) is not { } value ? otherwise ?? throw Missing(key)
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var size) && size is > 0 and <= ModelConfig.LargestSize ? size
        : throw Wrong(key, value, $"a whole number from 1 to {ModelConfig.LargestSize}");

    public double Number(string key, double? otherwise = null) =>
        Find(key) is not { } value ? otherwise ?? throw Missing(key)
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number) ? number
        : throw Wrong(key, value, "a number");

    public bool Flag(string key, bool otherwise) =>
        Find(key) is not { } value ? otherwise
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
        : throw Wrong(key, value, "true or false");

    public string Text(string key, string otherwise) =>
        Find(key) is not { } value ? otherwise
        : value.ValueKind == JsonValueKind.String ? value.GetString()!
        : throw Wrong(key, value, "a text");

    public bool Has(string key) => Find(key) is not null;

    /// <summary>A list of texts, or null.</summary>
    public IReadOnlyList<string>? Texts(string key) =>
        Find(key) is not { } value ? null
        : value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(e => e.ValueKind == JsonValueKind.String)
            ? [.. value.EnumerateArray().Select(e => e.GetString()!)]
        : throw Wrong(key, value, "a list of texts");

    /// <summary>One whole number, several, or none.</summary>
    public IReadOnlyList<int> Integers(string key)
    {
        if (Find(key) is not { } value)
            return [];
        JsonElement[] elements = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];
        return [.. elements.Select(e => e.ValueKind == JsonValueKind.Number && e.TryGetInt32(out var number)
            ? number
            : throw Wrong(key, value, "a whole number or a list of them"))];
    }

    public JsonSettings? Inner(string key) =>
        Find(key) is not { } value ? null
        : value.ValueKind == JsonValueKind.Object ? new JsonSettings(Path, value)
        : throw Wrong(key, value, "an object");

    /// <summary>The elements of a list; none where there is no such key.</summary>
    public IEnumerable<JsonElement> Elements(string key) =>
        Find(key) is not { } value ? []
        : value.ValueKind == JsonValueKind.Array ? value.EnumerateArray()
        : throw Wrong(key, value, "a list");

    /// <summary>A list of objects.</summary>
    public IReadOnlyList<JsonSettings> List(string key) =>
        [.. Elements(key).Select(e => e.ValueKind == JsonValueKind.Object ? new JsonSettings(Path, e) : throw Wrong(key, e, "a list of objects"))];

    public JsonElement Element(string key) => Find(key) ?? throw Missing(key);

    /// <summary>All values by key, which must be texts.</summary>
    public IReadOnlyDictionary<string, string> TextsByKey() =>
        _root.EnumerateObject().ToDictionary(p => p.Name, p => Text(p.Name, ""), StringComparer.Ordinal);

    public void Require(string key, string expected)
    {
        if (Text(key, "") is var value && value != expected)
            throw Unsupported(key, value, $"'{expected}'");
    }

    public void RequireFalse(string key)
    {
        if (Flag(key, otherwise: false))
            throw Unsupported(key, "true", "false");
    }

    public void RequireAbsent(string key)
    {
        if (Find(key) is not null)
            throw Unsupported(key, "...", "no such key");
    }

    public Llm4MsrException Unsupported(string key, string value, string supported) => new(
        FaultKind.BadInput, $"'{Path}' has {key} = '{value.Shortened(200)}', which is not supported. Supported: {supported}.");

    /// <summary>The parser takes any bytes for text, and half a surrogate pair; whoever asks for the text then gets an error.</summary>
    private static bool IsText(JsonElement value)
    {
        try
        {
            return value.ValueKind switch
            {
                JsonValueKind.String => value.GetString() is not null,
                JsonValueKind.Array => value.EnumerateArray().All(IsText),
                JsonValueKind.Object => value.EnumerateObject().All(property => property.Name is not null && IsText(property.Value)),
                _ => true,
            };
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    public Llm4MsrException Damaged(string what) => Damaged(Path, what);

    private JsonElement? Find(string key) =>
        _root.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private Llm4MsrException Missing(string key) => Damaged(Path, $"it has no '{key}'");

    private Llm4MsrException Wrong(string key, JsonElement value, string expected)
    {
        var text = value.GetRawText();
        return Damaged(Path, $"'{key}' is {(text.Length > 80 ? text[..80] + "..." : text)}, expected {expected}");
    }

    private static Llm4MsrException Damaged(string path, string what, Exception? inner = null) => new(
        FaultKind.Damaged, $"The file '{path}' is damaged: {what.Shortened()}. Get the model again.", inner);
}
