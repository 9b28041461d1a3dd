using System.Text.Json.Nodes;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Language.Tests;

/// <summary>A replay passes where everything is as it should be, and says what is not.</summary>
public class ReferenceNumbersTests
{
    public static TheoryData<string, string> Right => new()
    {
        { "llama", "llama/golden.json" },
        { "gpt2", "gpt2/golden.json" },
        { "chatglm2", "chatglm2/golden.json" },
        { "tokenizers/llama3", "tokenizers/llama3/golden.json" },
        { "tokenizers/spm_unigram", "tokenizers/spm_unigram/golden.json" },
        { "gguf_quants/quants.gguf", "gguf_quants/quants.json" },
    };

    [Theory, MemberData(nameof(Right))]
    public void WhatIsAsTheReferenceHasItPasses(string path, string against)
    {
        var result = ReferenceNumbers.Verify(TestFiles.Golden(path.Split("/")), TestFiles.Golden(against.Split("/")), cancellation: TestContext.Current.CancellationToken);

        Assert.True(result.Passed);
        Assert.Null(result.FirstWrong);
        Assert.InRange(result.LargestDifference, 0, 1e-4);
        Assert.True(result.Compared >= 4);
    }

    [Fact]
    public void AStateThatIsALittleOffIsFound()
    {
        var result = Changed("llama", golden => golden["hidden_per_step"]![2]![5]![7] = golden["hidden_per_step"]![2]![5]![7]!.GetValue<double>() + 0.01);

        Assert.False(result.Passed);
        Assert.Null(result.FirstWrong);
        Assert.InRange(result.LargestDifference, 1e-3, 0.1);
        Assert.StartsWith("prompt 2 of 33 tokens, ", result.Where, StringComparison.Ordinal);
    }

    [Fact]
    public void TheFirstWrongIdIsNamed()
    {
        var result = Changed("qwen2", golden => golden["generated_ids"]![1]![3] = 319);

        Assert.False(result.Passed);
        Assert.Matches(@"^prompt 1 of 7 tokens, 4 new, alone: id 3 is \d+, expected 319$", result.FirstWrong);
    }

    [Fact]
    public void TheReferenceGoesOnAfterAnEndOfTextToken()
    {
        using var scratch = new ScratchFolder();
        var config = JsonNode.Parse(File.ReadAllText(TestFiles.Golden("llama", "config.json")))!;
        config["eos_token_id"] = new JsonArray([.. Golden.Prompts("llama")[0].GeneratedIds.Take(3).Select(id => (JsonNode)id)]);
        File.WriteAllText(scratch["config.json"], config.ToJsonString());
        File.Copy(TestFiles.Golden("llama", "model.safetensors"), scratch["model.safetensors"]);

        Assert.True(ReferenceNumbers.Verify(scratch.Root, TestFiles.Golden("llama", "golden.json"), cancellation: TestContext.Current.CancellationToken).Passed);
    }

    [Theory]
    [InlineData("{}", "it has none of the layouts that are known")]
    [InlineData("[]", "it has no cases")]
    [InlineData("{\"cases\":[]}", "it has no cases")]
    [InlineData("[{\"text\":1}]", "The JSON value could not be converted")]
    [InlineData("{\"prompt_ids\":[[5]],\"generated_ids\":[[5]],\"hidden_per_step\":[[[1]]]}", "a prompt of n generated ids has n + 1 states")]
    [InlineData("{", "Expected depth")]
    public void AFileWithoutReferenceNumbersIsNamed(string content, string why)
    {
        using var scratch = new ScratchFolder();
        File.WriteAllText(scratch["golden.json"], content);

        var error = Assert.Throws<Llm4MsrException>(() => ReferenceNumbers.Verify(TestFiles.Golden("llama"), scratch["golden.json"], cancellation: TestContext.Current.CancellationToken));

        Assert.Equal(FaultKind.BadInput, error.Kind);
        Assert.StartsWith($"'{scratch["golden.json"]}' holds no reference numbers that can be replayed: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    private static VerificationResult Changed(string name, Action<JsonNode> change)
    {
        using var scratch = new ScratchFolder();
        var golden = JsonNode.Parse(File.ReadAllText(TestFiles.Golden(name, "golden.json")))!;
        change(golden);
        File.WriteAllText(scratch["golden.json"], golden.ToJsonString());
        return ReferenceNumbers.Verify(TestFiles.Golden(name), scratch["golden.json"], cancellation: TestContext.Current.CancellationToken);
    }
}
