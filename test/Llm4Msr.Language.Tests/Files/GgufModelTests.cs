using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Language.Tests.Files;

public class GgufModelTests
{
    [Theory, InlineData("llama"), InlineData("llama_untied"), InlineData("mistral"), InlineData("qwen2"), InlineData("qwen3"), InlineData("gpt2")]
    public void ACheckpointConvertedToGgufAnswersAsBefore(string name)
    {
        using var scratch = new ScratchFolder();
        using var model = Load(scratch, TinyGguf.Of(name));

        AssertGolden(name, model);
    }

    [Fact]
    public void TheFactorsOfLlama3StretchTheRotation()
    {
        // What the converter writes for factor 8, low 1, high 4, original context 64.
        float[] factors = [.. Enumerable.Range(0, 8).Select(i =>
        {
            var wavelength = 2 * Math.PI * Math.Pow(500_000, i / 8.0);
            var smooth = (64 / wavelength - 1) / (4 - 1);
            return (float)(wavelength < 64 / 4.0 ? 1 : wavelength > 64 / 1.0 ? 8 : 1 / ((1 - smooth) / 8 + smooth));
        })];
        using var scratch = new ScratchFolder();
        using var model = Load(scratch, TinyGguf.Of("llama3_rope").Add("rope_freqs.weight", [8], factors));

        AssertGolden("llama3_rope", model);
    }

    [Fact]
    public void AModelWithoutTokenizerTakesIdsAndSaysNothing()
    {
        using var scratch = new ScratchFolder();
        using var model = Load(scratch, TinyGguf.Of("llama"));

        Assert.Equal("", model.Answers(1, [5])[0].Text);
        Assert.Null(model.Identity.TokenizerHash);
        var error = Assert.Throws<Llm4MsrException>(() => model.EncodeChat("hello"));
        Assert.Equal($"'{scratch["m.gguf"]}' has no tokenizer, so it takes token ids only. A GGUF file has one.", error.Message);
    }

    public static TheoryData<string, object, string> NotSupported => new()
    {
        { "general.architecture", "phi3", "holds the architecture 'phi3', which is not supported. Supported: 'llama', 'qwen2', 'qwen3', 'gpt2'." },
        { "split.count", 2u, "holds a model split over several files, which is not supported. Supported: one file." },
        { "llama.expert_count", 8u, "holds a mixture of experts, which is not supported. Supported: dense models." },
        { "llama.rope.scaling.type", "yarn", "holds the rotary scaling 'yarn', which is not supported. Supported: 'none', 'linear', and the factors of Llama 3 in the tensor 'rope_freqs.weight'." },
        { "llama.rope.dimension_count", 4u, "holds 'llama.rope.dimension_count' = 4, which is not supported. Supported: the size of a head, 8." },
        { "tokenizer.ggml.model", "bert", "holds the tokenizer 'bert', which is not supported. Supported: 'gpt2' (byte-level BPE), 'llama' (SentencePiece BPE)." },
    };

    [Theory, MemberData(nameof(NotSupported))]
    public void WhatIsNotSupportedIsNamed(string key, object value, string expected)
    {
        using var scratch = new ScratchFolder();

        var error = Assert.Throws<Llm4MsrException>(() => Load(scratch, TinyGguf.Of("llama").Without(key).Set(key, value)));

        Assert.Equal((FaultKind.BadInput, $"'{scratch["m.gguf"]}' {expected}"), (error.Kind, error.Message));
    }

    public static TheoryData<string, object, string> Contradictions => new()
    {
        { "llama.block_count", 0u, "'llama.block_count' is '0', expected a whole number from 1 to 1048576" },
        { "llama.block_count", 4u, "it holds no tensor 'blk.3.attn_norm.weight'" },
        { "llama.feed_forward_length", 97u, "tensor 'blk.0.ffn_gate.weight' has the shape [96, 48], expected [97, 48]" },
        { "llama.attention.head_count", 5u, "5 attention heads cannot share 2 key/value heads; a head of 9 numbers cannot be rotated in pairs" },
        { "llama.attention.layer_norm_rms_epsilon", float.NaN, "the epsilon of the norm is NaN, expected a positive number" },
        { "llama.attention.layer_norm_rms_epsilon", 1u, "'llama.attention.layer_norm_rms_epsilon' is '1', expected a number of 32 bits" },
        { "llama.rope.freq_base", float.PositiveInfinity, "the rotary frequencies are not positive numbers" },
        { "tokenizer.ggml.eos_token_id", 320u, "the end token 320 is outside the vocabulary of 320" },
    };

    [Theory, MemberData(nameof(Contradictions))]
    public void ASettingThatCannotBeIsNamed(string key, object value, string expected)
    {
        using var scratch = new ScratchFolder();
        var writer = TinyGguf.Of("llama").Without(key).Set(key, value);
        if (key == "llama.attention.head_count")
            writer = writer.Without("llama.rope.dimension_count");

        var error = Assert.Throws<Llm4MsrException>(() => Load(scratch, writer));

        Assert.Equal(FaultKind.Damaged, error.Kind);
        Assert.Contains(scratch["m.gguf"], error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ATensorThatTheDecoderWouldIgnoreIsRefused()
    {
        using var scratch = new ScratchFolder();

        var error = Assert.Throws<Llm4MsrException>(() => Load(scratch, TinyGguf.Of("llama").Add("blk.0.attn_sinks.weight", [48], new float[48])));

        Assert.Equal(
            $"'{scratch["m.gguf"]}' holds tensors that a model of the architecture 'llama' and these settings does not have: blk.0.attn_sinks.weight. It is not supported.",
            error.Message);
    }

    [Fact]
    public void AModelThatCannotFitIsRefusedBeforeItIsRead()
    {
        // Blocks of 4 bits and a bit, 20 bytes for 32 numbers; the file is one long hole.
        Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: needs a file system on which a hole takes no space");
        var blocks = (ulong)Machine.Current.MemoryBytes / 128 + 1;
        using var scratch = new ScratchFolder();
        var bytes = TinyGguf.Of("llama").Add("huge", [32, blocks], 3, []).ToBytes();
        using (var file = File.Create(scratch["m.gguf"]))
        {
            file.Write(bytes);
            file.SetLength(bytes.Length + (long)blocks * 20 + GgufWriter.Alignment);
        }

        var error = Assert.Throws<Llm4MsrException>(() => LanguageModel.Load(scratch["m.gguf"]));

        Assert.Equal(FaultKind.ResourceMissing, error.Kind);
        Assert.Matches("^The weights of '.+' take \\d+ MiB in fp32; this process may use \\d+ MiB. Take a smaller model, or keep the weights as stored.$", error.Message);
    }

    [Fact]
    public void ABitMayFlipAnywhereBeforeTheWeights()
    {
        using var scratch = new ScratchFolder();
        var bytes = TinyGguf.Of("llama").WithTokenizer().ToBytes();
        int head;
        File.WriteAllBytes(scratch["m.gguf"], bytes);
        using (var file = Language.Files.GgufFile.Open(scratch["m.gguf"]))
            head = (int)file.Tensors.Values.Min(t => t.Offset);
        var random = new Random(5);
        for (var i = 0; i < 300; i++)
        {
            var bit = random.Next(head * 8);
            bytes[bit / 8] ^= (byte)(1 << bit % 8);
            File.WriteAllBytes(scratch["m.gguf"], bytes);
            bytes[bit / 8] ^= (byte)(1 << bit % 8);
            try
            {
                using var model = LanguageModel.Load(scratch["m.gguf"]);
                model.Answers(1, [5, 6]);
            }
            catch (Llm4MsrException)
            {
                // Named: well. A flip that no rule forbids (a name, a token's letters) gives another right file.
            }
        }
    }

    private static LanguageModel Load(ScratchFolder scratch, GgufWriter writer)
    {
        File.WriteAllBytes(scratch["m.gguf"], writer.ToBytes());
        return LanguageModel.Load(scratch["m.gguf"]);
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
