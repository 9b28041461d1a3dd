using System.Text.Json;
using System.Text.Json.Serialization;
using Llm4Msr.Platform;

namespace Llm4Msr.Reasoning;

/// <summary>What a model costs, in the currency of its list.</summary>
/// <param name="Prompt">Of a million tokens that the model reads.</param>
/// <param name="New">Of a million tokens that it generates.</param>
public sealed record ModelPrice(decimal Prompt, decimal New)
{
    public decimal Of(long promptTokens, long newTokens) => (promptTokens * Prompt + newTokens * New) / 1_000_000;
}

/// <summary>
/// Prices by the name of the model, as a file that its reader keeps up to date:
/// <c>{ "currency": "USD", "models": { "some-model": { "prompt": 0.15, "new": 0.60 } } }</c>.
/// </summary>
public sealed record PriceList(string Currency, IReadOnlyDictionary<string, ModelPrice> Models)
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        AllowDuplicateProperties = false,
        NumberHandling = JsonNumberHandling.Strict,
        PropertyNameCaseInsensitive = false,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    public static PriceList Load(string path)
    {
        if (!File.Exists(path))
            throw new Llm4MsrException(FaultKind.BadInput, $"There is no price list '{path}'. {Form}");
        try
        {
            var list = JsonSerializer.Deserialize<PriceList>(File.ReadAllText(path), s_json) ?? throw new JsonException("it is null");
            return list.Models.FirstOrDefault(model => model.Value.Prompt < 0 || model.Value.New < 0) is { Key: { } wrong }
                ? throw new JsonException($"a price of '{wrong}' is negative")
                : list;
        }
        catch (JsonException e)
        {
            throw new Llm4MsrException(FaultKind.BadInput, $"The price list '{path}' cannot be read: {e.Message.TrimEnd('.')}. {Form}", e);
        }
    }

    /// <param name="model">As the fingerprint names it.</param>
    public ModelPrice For(string model) => Models.GetValueOrDefault(model) ?? throw new Llm4MsrException(
        FaultKind.BadInput, $"The price list has no price of '{model}'. It has: {string.Join(", ", Models.Keys.Order(StringComparer.Ordinal))}. Add it under this name.");

    private static string Form { get; } =
        """A price list looks like this, per million tokens: { "currency": "USD", "models": { "some-model": { "prompt": 0.15, "new": 0.60 } } }.""";
}
