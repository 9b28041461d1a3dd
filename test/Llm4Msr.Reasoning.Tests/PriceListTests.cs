using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Reasoning.Tests;

public sealed class PriceListTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void APromptCostsWhatIsReadWhatIsGeneratedAndWhatIsReadAgain()
    {
        var prices = Load("""{"currency":"USD","models":{"a":{"prompt":0.5,"new":2},"b":{"prompt":0.25,"new":9}}}""").For("a", "b");

        Assert.Equal(new ModelPrices("USD", 0.5m, 2m, 0.25m), prices);
        Assert.Equal(0.5m * 3 + 2m * 1 + 0.25m * 4, prices.CostOf(3_000_000, 1_000_000, 4_000_000));
    }

    [Theory]
    [InlineData("""{"currency":"USD"}""")]
    [InlineData("""{"models":{}}""")]
    [InlineData("""{"currency":"USD","models":{"a":{"prompt":0.5}}}""")]
    [InlineData("""{"currency":"USD","models":{"a":{"prompt":0.5,"new":2,"old":3}}}""")]
    [InlineData("""{"currency":"USD","models":{"a":{"prompt":"0.5","new":2}}}""")]
    [InlineData("""{"currency":"USD","models":{"a":{"prompt":-1,"new":2}}}""")]
    [InlineData("""{"currency":"USD","models":{"a":{"prompt":1,"new":-2}}}""")]
    [InlineData("""{"currency":"USD","models":{"a":{"prompt":1,"new":2},"a":{"prompt":1,"new":2}}}""")]
    [InlineData("null")]
    [InlineData("")]
    public void WhatIsNoPriceListIsRefusedWithTheFormOfOne(string text)
    {
        var error = Assert.Throws<Llm4MsrException>(() => Load(text));

        Assert.Equal(FaultKind.BadInput, error.Kind);
        Assert.StartsWith($"The price list '{_scratch["prices.json"]}' cannot be read: ", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("""Its form is {"currency":"USD","models":{"NAME":{"prompt":0.15,"new":0.6}}}, per million tokens.""", error.Message, StringComparison.Ordinal);
    }

    private PriceList Load(string text)
    {
        File.WriteAllText(_scratch["prices.json"], text);
        return PriceList.Load(_scratch["prices.json"]);
    }
}
