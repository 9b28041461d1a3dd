using System.Text.Json;
using System.Text.Json.Nodes;
using Llm4Msr.Platform;
using Llm4Msr.Testing;
using TorchSharp;

namespace Llm4Msr.Language.Tests.Files;

public class HuggingFaceModelTests
{
    [Fact]
    public void OlderFilesSayTheSameInOtherKeys()
    {
        using var scratch = new ScratchFolder();
        using var model = Load(scratch, "llama3_rope", config =>
        {
            var rope = config["rope_parameters"]!.AsObject();
            config.Remove("rope_parameters");
            config["rope_theta"] = rope["rope_theta"]!.DeepClone();
            rope.Remove("rope_theta");
            config["rope_scaling"] = rope;
        });

        AssertGolden("llama3_rope", model);
    }

    [Fact]
    public void WithoutStretchingThereIsOnlyTheBase()
    {
        using var scratch = new ScratchFolder();
        using var model = Load(scratch, "llama", config =>
        {
            config["rope_theta"] = config["rope_parameters"]!["rope_theta"]!.DeepClone();
            config.Remove("rope_parameters");
            config["rope_scaling"] = null;
        });

        AssertGolden("llama", model);
    }

    public static TheoryData<string, string?, FaultKind, string> Wrong => new()
    {
        { "model_type", "\"phi3\"", FaultKind.BadInput, "has model_type = 'phi3', which is not supported. Supported: 'llama', 'mistral', 'qwen2', 'qwen3', 'gpt2', 'chatglm'." },
        { "hidden_act", "\"gelu\"", FaultKind.BadInput, "has hidden_act = 'gelu', which is not supported. Supported: 'silu'." },
        { "attention_bias", "true", FaultKind.Damaged, "it holds no tensor 'blk.0.attn_q.bias'" },
        { "mlp_bias", "true", FaultKind.Damaged, "it holds no tensor 'blk.0.ffn_gate.bias'" },
        { "quantization_config", "{}", FaultKind.BadInput, "has quantization_config = '...', which is not supported. Supported: no such key." },
        { "rope_parameters", """{"rope_type":"yarn","rope_theta":1e4}""", FaultKind.BadInput, "has rope_type = 'yarn', which is not supported. Supported: 'default', 'linear', 'llama3'." },
        { "rope_parameters", """{"rope_type":"llama3","rope_theta":1e4}""", FaultKind.Damaged, "it has no 'factor'" },
        { "rope_parameters", "7", FaultKind.Damaged, "'rope_parameters' is 7, expected an object" },
        { "hidden_size", null, FaultKind.Damaged, "it has no 'hidden_size'" },
        { "hidden_size", "0", FaultKind.Damaged, "'hidden_size' is 0, expected a whole number from 1 to 1048576" },
        { "hidden_size", "\"48\"", FaultKind.Damaged, "'hidden_size' is \"48\", expected a whole number from 1 to 1048576" },
        { "rms_norm_eps", "-1", FaultKind.Damaged, "the epsilon of the norm is -1, expected a positive number" },
        { "tie_word_embeddings", "1", FaultKind.Damaged, "'tie_word_embeddings' is 1, expected true or false" },
        { "tie_word_embeddings", "false", FaultKind.Damaged, "it holds no tensor 'output.weight'" },
        { "eos_token_id", "[2,1.5]", FaultKind.Damaged, "'eos_token_id' is [2,1.5], expected a whole number or a list of them" },
        { "vocab_size", "321", FaultKind.Damaged, "tensor 'token_embd.weight' has the shape [320, 48], expected [321, 48]" },
    };

    [Theory, MemberData(nameof(Wrong))]
    public void AWrongSettingIsNamed(string key, string? value, FaultKind kind, string expected)
    {
        using var scratch = new ScratchFolder();

        var error = Assert.Throws<Llm4MsrException>(() => Load(scratch, "llama", config =>
        {
            config.Remove(key);
            if (value is not null)
                config[key] = JsonNode.Parse(value);
        }));

        Assert.Equal(kind, error.Kind);
        Assert.Contains(scratch.Root, error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WeightsInHalfPrecisionAreReadAsTheyAre()
    {
        using var scratch = new ScratchFolder();
        CopyConfig(scratch, "llama", _ => { });
        Convert(scratch, weight => weight.to(torch.ScalarType.BFloat16));
        using var half = LanguageModel.Load(scratch.Root);
        Convert(scratch, weight => weight.to(torch.ScalarType.BFloat16).to(torch.ScalarType.Float32));
        using var rounded = LanguageModel.Load(scratch.Root);

        Assert.Equal(rounded.Answers(3, [5, 6])[0].States.AfterLastToken, half.Answers(3, [5, 6])[0].States.AfterLastToken);
    }

    [Fact]
    public void WeightsThatAreNotNumbersWithAPointAreRefused()
    {
        using var scratch = new ScratchFolder();
        CopyConfig(scratch, "llama", _ => { });
        Convert(scratch, weight => weight.to(torch.ScalarType.Int32));

        var error = Assert.Throws<Llm4MsrException>(() => LanguageModel.Load(scratch.Root));

        Assert.Contains("is stored as I32, which is not read. Read are: F32, F16, BF16.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WeightsMayLieInSeveralFiles()
    {
        using var scratch = new ScratchFolder();
        CopyConfig(scratch, "llama_untied", _ => { });
        var map = Split(scratch, "llama_untied", files: 3);
        WriteIndex(scratch, map);
        using var model = LanguageModel.Load(scratch.Root);

        AssertGolden("llama_untied", model);
        Assert.NotEqual(FileHash.OfFile(TestFiles.Golden("llama_untied", "model.safetensors")), model.Identity.WeightsHash);
    }

    [Theory]
    [InlineData("../part-0.safetensors", "it names the file '../part-0.safetensors', expected a safetensors file beside it")]
    [InlineData("/etc/passwd", "it names the file '/etc/passwd', expected a safetensors file beside it")]
    [InlineData("part-9.safetensors", "There is no file ")]
    public void AnIndexThatLeadsElsewhereIsNamed(string file, string expected)
    {
        using var scratch = new ScratchFolder();
        CopyConfig(scratch, "llama_untied", _ => { });
        var map = Split(scratch, "llama_untied", files: 2);
        map[map.Keys.First()] = file;
        WriteIndex(scratch, map);

        Assert.Contains(expected, Assert.Throws<Llm4MsrException>(() => LanguageModel.Load(scratch.Root)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void PicklesAreNeverOpened()
    {
        using var scratch = new ScratchFolder();
        CopyConfig(scratch, "llama", _ => { });
        File.WriteAllText(scratch["pytorch_model.bin"], "");

        var error = Assert.Throws<Llm4MsrException>(() => LanguageModel.Load(scratch.Root));

        Assert.Equal(
            $"The weights of '{scratch.Root}' are pickles (*.bin), which can run code when they are opened and are not read. Save the model as safetensors.",
            error.Message);
    }

    [Fact]
    public void AFolderWithoutConfigurationIsNamed()
    {
        using var scratch = new ScratchFolder();

        var error = Assert.Throws<Llm4MsrException>(() => LanguageModel.Load(scratch.Root));

        Assert.Equal((FaultKind.BadInput, $"There is no file '{scratch["config.json"]}'."), (error.Kind, error.Message));
    }

    [Fact]
    public void APathWithoutModelIsNamed()
    {
        var error = Assert.Throws<Llm4MsrException>(() => LanguageModel.Load("no/such"));

        Assert.Equal("There is no model 'no/such'. Name a GGUF file, or a folder with config.json and model.safetensors.", error.Message);
        Assert.Equal(FaultKind.BadInput, error.Kind);
    }

    [Theory, InlineData(0), InlineData(1), InlineData(40), InlineData(300), InlineData(700)]
    public void AConfigurationCutAnywhereIsNamed(int length)
    {
        using var scratch = new ScratchFolder();
        CopyConfig(scratch, "llama", _ => { });
        var text = File.ReadAllText(scratch["config.json"]);
        File.WriteAllText(scratch["config.json"], text[..Math.Min(length, text.Length - 1)]);

        var error = Assert.Throws<Llm4MsrException>(() => LanguageModel.Load(scratch.Root));

        Assert.Equal(FaultKind.Damaged, error.Kind);
        Assert.StartsWith($"The file '{scratch["config.json"]}' is damaged: ", error.Message, StringComparison.Ordinal);
    }

    /// <returns>The file of each tensor.</returns>
    private static Dictionary<string, string> Split(ScratchFolder scratch, string golden, int files)
    {
        using var scope = torch.NewDisposeScope();
        using var weights = SafetensorsFile.Open(TestFiles.Golden(golden, "model.safetensors"));
        var map = weights.Entries.Keys.Select((name, i) => (name, file: $"part-{i % files}.safetensors")).ToDictionary(p => p.name, p => p.file);
        foreach (var part in map.GroupBy(p => p.Value))
        {
            using var stream = File.Create(scratch[part.Key]);
            Safetensors.Write(stream, part.Select(p => (p.Key, weights.Read(p.Key))));
        }
        return map;
    }

    private static void WriteIndex(ScratchFolder scratch, Dictionary<string, string> map) => File.WriteAllText(
        scratch["model.safetensors.index.json"], JsonSerializer.Serialize(new { metadata = new { total_size = 1 }, weight_map = map }));

    private static LanguageModel Load(ScratchFolder scratch, string golden, Action<JsonObject> change)
    {
        CopyConfig(scratch, golden, change);
        File.Copy(TestFiles.Golden(golden, "model.safetensors"), scratch["model.safetensors"]);
        return LanguageModel.Load(scratch.Root);
    }

    private static void CopyConfig(ScratchFolder scratch, string golden, Action<JsonObject> change)
    {
        var config = JsonNode.Parse(File.ReadAllText(TestFiles.Golden(golden, "config.json")))!.AsObject();
        change(config);
        File.WriteAllText(scratch["config.json"], config.ToJsonString());
    }

    private static void Convert(ScratchFolder scratch, Func<torch.Tensor, torch.Tensor> change)
    {
        using var scope = torch.NewDisposeScope();
        using var weights = SafetensorsFile.Open(TestFiles.Golden("llama", "model.safetensors"));
        using var stream = File.Create(scratch["model.safetensors"]);
        Safetensors.Write(stream, weights.Entries.Keys.Select(name => (name, change(weights.Read(name)))));
    }

    private static void AssertGolden(string name, LanguageModel model)
    {
        foreach (var golden in Golden.Prompts(name))
        {
            var answer = model.Answers(12, golden.Ids)[0];
            Assert.Equal(golden.GeneratedIds, answer.GeneratedIds);
            Assert.InRange(Golden.Distance(golden.HiddenPerStep[12], answer.States.AfterLastToken), 0, 1e-4);
        }
    }
}
