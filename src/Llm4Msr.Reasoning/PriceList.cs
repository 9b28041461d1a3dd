using System.Text.Json;
using Llm4Msr.Platform;

namespace Llm4Msr.Reasoning;

/// <summary>What a run's tokens cost, per million.</summary>
/// <param name="Currency">For messages.</param>
/// <param name="Prompt">Read by the model that answers.</param>
/// <param name="New">Generated.</param>
/// <param name="ReadAgain">Read by the model that gives the states.</param>
public sealed record ModelPrices(string Currency, decimal Prompt, decimal New, decimal ReadAgain)
{
    public decimal CostOf(long prompt, long generated, long readAgain) => (Prompt * prompt + New * generated + ReadAgain * readAgain) / 1_000_000m;
}

/// <summary>
/// Prices by model in a JSON file: <c>{"currency":"USD","models":{"NAME":{"prompt":0.15,"new":0.6}}}</c>, per million tokens
/// read and generated.
/// </summary>
public sealed class PriceList
{
    private const decimal Most = 1_000_000_000; // so that no sum of tokens is more than a decimal holds
    private const long MostBytes = 16 << 20;

    private readonly string _path;
    private readonly Content _content;

    private PriceList(string path, Content content)
    {
        _path = path;
        _content = content;
    }

    /// <exception cref="Llm4MsrException">There is no such file, or it is not a price list (<see cref="FaultKind.BadInput"/>).</exception>
    public static PriceList Load(string path)
    {
        if (!File.Exists(path))
            throw new Llm4MsrException(FaultKind.BadInput, $"There is no price list '{path}'. {Form}");
        if (new FileInfo(path).Length is > MostBytes and var length)
            throw new Llm4MsrException(FaultKind.BadInput, FormattableString.Invariant($"The price list '{path}' has {length} bytes, more than any. {Form}"));
        try
        {
            var content = JsonSerializer.Deserialize<Content>(File.ReadAllText(path), StrictJson.Options) ?? throw new JsonException("it is null");
            return content.Models.FirstOrDefault(m => !IsPrice(m.Value?.Prompt) || !IsPrice(m.Value?.New)) is { Key: { } name }
                ? throw new JsonException(FormattableString.Invariant($"a price of '{name.Shortened(80)}' is not a number from 0 to {Most}"))
                : new PriceList(path, content);
        }
        catch (JsonException e)
        {
            throw new Llm4MsrException(FaultKind.BadInput, $"The price list '{path}' cannot be read: {e.Message.Shortened()} {Form}", e);
        }
    }

    /// <param name="text">The model that answers.</param>
    /// <param name="states">The model that reads again; it may be the same.</param>
    public ModelPrices For(string text, string states) => new(_content.Currency, Of(text).Prompt, Of(text).New, Of(states).Prompt);

    private static bool IsPrice(decimal? price) => price is >= 0 and <= Most;

    private static string Form => """Its form is {"currency":"USD","models":{"NAME":{"prompt":0.15,"new":0.6}}}, per million tokens.""";

    private Price Of(string model) => _content.Models.TryGetValue(model, out var price) && price is not null ? price : throw new Llm4MsrException(
        FaultKind.Usage, $"The price list '{_path}' has no model '{model}'. It has: {string.Join(", ", _content.Models.Keys)}. Add the model; what costs nothing has prices of 0.");

    private sealed record Content(string Currency, IReadOnlyDictionary<string, Price?> Models);

    private sealed record Price(decimal Prompt, decimal New);
}
