using System.Text.Json.Nodes;
using Llm4Msr.Testing;

namespace Llm4Msr.Cli.Tests;

public sealed class LlmTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("llama", "llama/golden.json")]
    [InlineData("tokenizers/llama3", "tokenizers/llama3/golden.json")]
    [InlineData("gguf_quants/quants.gguf", "gguf_quants/quants.json")]
    public void AModelThatGivesTheReferencesNumbersPasses(string model, string against)
    {
        string[] verify = ["llm", "verify", TestFiles.Golden(model.Split('/')), "--against", TestFiles.Golden(against.Split('/'))];

        var forPeople = CommandRun.Succeeding(verify);
        var result = CommandRun.Succeeding([.. verify, "--json"]).Json;

        Assert.EndsWith("first wrong: none\nEverything is as the reference has it.\n", forPeople.Output, StringComparison.Ordinal);
        Assert.True(result.GetProperty("passed").GetBoolean());
        Assert.InRange(result.GetProperty("largestDifference").GetDouble(), 0, 1e-4);
        Assert.Equal("", forPeople.Errors);
    }

    [Fact]
    public void AWrongIdIsNamedWithExitCodeThree()
    {
        var golden = JsonNode.Parse(File.ReadAllText(TestFiles.Golden("llama", "golden.json")))!;
        golden["generated_ids"]![0]![1] = 7 + (int)golden["generated_ids"]![0]![1]!;
        File.WriteAllText(_scratch["golden.json"], golden.ToJsonString());

        var run = CommandRun.Of("llm", "verify", TestFiles.Golden("llama"), "--against", _scratch["golden.json"]);

        Assert.Equal(3, run.Code);
        Assert.Matches(@"first wrong: prompt 0 of \d+ tokens, \d+ new, alone: id 1 is \d+, expected \d+\nOut of tolerance\.\n$", run.Output);
    }

    [Fact]
    public void AToleranceThatIsTooNarrowFails()
    {
        var run = CommandRun.Of("llm", "verify", TestFiles.Golden("llama"), "--against", TestFiles.Golden("llama", "golden.json"), "--tolerance", "1e-12");

        Assert.Equal(3, run.Code);
        Assert.EndsWith("first wrong: none\nOut of tolerance.\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void ShowingAModelSaysWhatItIsMadeOfAndWhatIsMissingToAskIt()
    {
        var forPeople = CommandRun.Succeeding("llm", "show", TestFiles.Golden("qwen3"));
        var shown = CommandRun.Succeeding("llm", "show", TestFiles.Golden("qwen3"), "--json").Json;
        var config = JsonNode.Parse(File.ReadAllText(TestFiles.Golden("qwen3", "config.json")))!;

        Assert.Equal((int)config["num_hidden_layers"]!, shown.GetProperty("layers").GetInt32());
        Assert.Equal((int)config["hidden_size"]!, shown.GetProperty("hiddenSize").GetInt32());
        Assert.Contains("norms of queries and keys", forPeople.Output, StringComparison.Ordinal);
        Assert.Matches(@"tokenizer +none", forPeople.Output);
        Assert.Matches(@"chat format +none", forPeople.Output);
    }

    [Fact]
    public void WhatIsNoModelIsNamedByBoth()
    {
        var missing = _scratch["nothing"];

        Assert.All<string[]>([["llm", "show", missing], ["llm", "verify", missing, "--against", TestFiles.Golden("llama", "golden.json")]], command =>
        {
            var run = CommandRun.Of(command);
            Assert.Equal((4, ""), (run.Code, run.Output));
            Assert.Contains($"'{missing}'", run.Errors, StringComparison.Ordinal);
        });
    }
}
