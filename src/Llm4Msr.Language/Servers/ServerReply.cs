using System.Text.Json;
using Llm4Msr.Platform;

namespace Llm4Msr.Language.Servers;

/// <summary>A part of what a server answered. Whatever is not as expected is an error with the address and the place.</summary>
internal sealed class ServerReply
{
    private readonly Uri _url;
    private readonly JsonElement _value;
    private readonly string _place;

    private ServerReply(Uri url, JsonElement value, string place)
    {
        _url = url;
        _value = value;
        _place = place;
    }

    public static ServerReply Parse(Uri url, byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 16 });
            return new ServerReply(url, document.RootElement.Clone(), "");
        }
        catch (JsonException e)
        {
            throw Unusable(url, $"is not JSON ({e.Message.Shortened(200)})", e);
        }
    }

    public static Llm4MsrException Unusable(Uri url, string what, Exception? inner = null) => new(FaultKind.BadInput,
        $"The answer of {url} cannot be used: it {what}. Nothing of it was stored. Is this the right server, and its dialect named right (--dialect, --state-dialect)?", inner)
    { IsOfOneInput = true };

    public bool IsList => _value.ValueKind == JsonValueKind.Array;

    public ServerReply? Find(string key) =>
        _value.ValueKind == JsonValueKind.Object && _value.TryGetProperty(key, out var inner) && inner.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined)
            ? new ServerReply(_url, inner, _place.Length == 0 ? key : $"{_place}.{key}")
            : null;

    public ServerReply this[string key] => Find(key) ?? throw Wrong($"has no '{key}'");

    public IReadOnlyList<ServerReply> List() => IsList
        ? [.. _value.EnumerateArray().Select((inner, i) => new ServerReply(_url, inner, FormattableString.Invariant($"{_place}[{i}]")))]
        : throw Wrong("is not a list");

    /// <summary>The element of a list that answers one request: exactly one, numbered 0 where it is numbered.</summary>
    public ServerReply Only()
    {
        var list = List();
        if (list.Count != 1)
            throw Wrong($"has {list.Count} elements, expected one");
        if (list[0].Find("index") is { } index && index.Count() != 0)
            throw index.Wrong($"is {index.Count()}, expected 0");
        return list[0];
    }

    public string Text()
    {
        if (_value.ValueKind != JsonValueKind.String)
            throw Wrong("is not a text");
        try
        {
            return _value.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw Wrong("is text that is not Unicode", e);
        }
    }

    /// <summary>A text that says something.</summary>
    public string Words() => Text() is var text && !string.IsNullOrWhiteSpace(text) ? text : throw Wrong("is an empty text");

    public int Count() => _value.ValueKind == JsonValueKind.Number && _value.TryGetInt32(out var count) && count >= 0
        ? count
        : throw Wrong("is not a whole number from 0");

    /// <summary>A list of numbers; of a list of such lists, one per token, the last.</summary>
    public float[] Vector()
    {
        var list = List();
        if (list.Count == 0)
            throw Wrong("is empty");
        return list[^1].IsList ? list[^1].Vector() : [.. list.Select(number => number.Number())];
    }

    private float Number() => _value.ValueKind == JsonValueKind.Number && _value.TryGetSingle(out var number) && float.IsFinite(number)
        ? number
        : throw Wrong($"is {_value.GetRawText().Shortened(40)}, expected a finite number");

    private Llm4MsrException Wrong(string what, Exception? inner = null) => Unusable(_url, _place.Length == 0 ? what : $"holds a '{_place}' that {what}", inner);
}
