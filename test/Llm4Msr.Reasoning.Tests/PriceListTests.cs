using Llm4Msr.Language.Tests.Fuzzing;
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
    [InlineData("""{"currency":"USD","models":{"a":{"prompt":1,"new":1e27}}}""")]
    [InlineData("""{"currency":"USD","models":{"a":{"prompt":1e999,"new":1}}}""")]
    [InlineData("""{"currency":"USD","models":{"a":null}}""")]
    [InlineData("null")]
    [InlineData("")]
    public void WhatIsNoPriceListIsRefusedWithTheFormOfOne(string text)
    {
        var error = Assert.Throws<Llm4MsrException>(() => Load(text));

        Assert.Equal(FaultKind.BadInput, error.Kind);
        Assert.StartsWith($"The price list '{_scratch["prices.json"]}' cannot be read: ", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("""Its form is {"currency":"USD","models":{"NAME":{"prompt":0.15,"new":0.6}}}, per million tokens.""", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnyDamageOfAPriceListIsAPriceListOrANamedError()
    {
        var mutations = new Mutations("""{"currency":"USD","models":{"a":{"prompt":0.15,"new":0.6},"模型":{"prompt":0,"new":12.5}}}"""u8.ToArray(), seed: 5);
        var refused = 0;
        for (var i = 0; i < 5000; i++)
        {
            File.WriteAllBytes(_scratch["prices.json"], mutations.Next(int.MaxValue));
            try
            {
                Assert.True(PriceList.Load(_scratch["prices.json"]).For("a", "a").CostOf(1L << 40, 1L << 40, 1L << 40) >= 0);
            }
            catch (Llm4MsrException e)
            {
                Assert.Contains(_scratch["prices.json"], e.Message, StringComparison.Ordinal);
                Assert.InRange(e.Message.Length, 20, 2000);
                refused++;
            }
        }
        Assert.InRange(refused, 2500, 5000);
    }

    [Fact]
    public void AFileThatIsNoListBecauseOfItsSizeIsNotReadIntoMemory()
    {
        using (var stream = File.Create(_scratch["prices.json"]))
            stream.SetLength(3L << 30);

        Assert.StartsWith($"The price list '{_scratch["prices.json"]}' has 3221225472 bytes, more than any.", Assert.Throws<Llm4MsrException>(() => PriceList.Load(_scratch["prices.json"])).Message, StringComparison.Ordinal);
    }

    private PriceList Load(string text)
    {
        File.WriteAllText(_scratch["prices.json"], text);
        return PriceList.Load(_scratch["prices.json"]);
    }
}
