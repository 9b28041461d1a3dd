using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Reasoning.Tests;

public sealed class PriceListTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void TokensCostWhatTheListSaysPerMillionOfEachKind()
    {
        var list = Load("""{ "currency": "EUR", "models": { "a": { "prompt": 0.15, "new": 0.6 }, "b": { "prompt": 0, "new": 0 } } }""");

        Assert.Equal("EUR", list.Currency);
        Assert.Equal(2_000_000 * 0.15m / 1_000_000 + 0.3m, list.For("a").Of(promptTokens: 2_000_000, newTokens: 500_000));
        Assert.Equal(0, list.For("b").Of(5, 5));
    }

    [Fact]
    public void AModelWithoutAPriceIsNamedWithThoseThatHaveOne()
    {
        var error = Assert.Throws<Llm4MsrException>(() => Load("""{ "currency": "EUR", "models": { "b": { "prompt": 1, "new": 1 }, "a": { "prompt": 1, "new": 1 } } }""").For("c"));

        Assert.Equal((FaultKind.BadInput, "The price list has no price of 'c'. It has: a, b. Add it under this name."), (error.Kind, error.Message));
    }

    [Theory]
    [InlineData("{", "Expected depth")]
    [InlineData("null", "it is null")]
    [InlineData("""{ "models": {} }""", "currency")]
    [InlineData("""{ "currency": "EUR", "models": { "a": { "prompt": 1 } } }""", "new")]
    [InlineData("""{ "currency": "EUR", "models": { "a": { "prompt": 1, "new": "2" } } }""", "could not be converted")]
    [InlineData("""{ "currency": "EUR", "models": { "a": { "prompt": 1, "new": -2 } } }""", "a price of 'a' is negative")]
    [InlineData("""{ "currency": "EUR", "models": { "a": { "prompt": 1, "new": 2, "cached": 3 } } }""", "cached")]
    public void AListThatIsNotOneIsRefusedAndItsFormSaid(string content, string why)
    {
        var error = Assert.Throws<Llm4MsrException>(() => Load(content));

        Assert.Equal(FaultKind.BadInput, error.Kind);
        Assert.StartsWith($"The price list '{_scratch["prices.json"]}' cannot be read: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
        Assert.EndsWith("""{ "currency": "USD", "models": { "some-model": { "prompt": 0.15, "new": 0.60 } } }.""", error.Message, StringComparison.Ordinal);
    }

    private PriceList Load(string content)
    {
        File.WriteAllText(_scratch["prices.json"], content);
        return PriceList.Load(_scratch["prices.json"]);
    }
}
