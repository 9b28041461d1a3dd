using System.Diagnostics;
using System.Globalization;
using Llm4Msr.Language.Encoders;
using Llm4Msr.Language.Files;
using Llm4Msr.Language.Tests.Files;
using Llm4Msr.Language.Tokenization;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Language.Tests.Fuzzing;

/// <summary>
/// Whatever a file says, it is read or refused by name: no other exception, no hang, no memory that the file does not
/// account for.
/// </summary>
public class DamagedFileTests
{
    private const int Files = 3000;

    /// <summary>Environment variable: so many times as many files, for a night.</summary>
    private static readonly int s_times = int.Parse(Environment.GetEnvironmentVariable("LLM4MSR_FUZZ_TIMES") ?? "1", CultureInfo.InvariantCulture);

    [Fact]
    public void AnyGguf()
    {
        using var scratch = new ScratchFolder();
        Fuzz(scratch["m.gguf"], TinyGguf.Of("qwen2").WithTokenizer().ToBytes(), within: 14_000, path =>
        {
            using var files = ModelFiles.Open(path);
            files.Tokenizer?.Encode(new TextPart("Hello 12 東", IsFrame: true));
        });
    }

    /// <summary>The header alone, of which many are read in a second.</summary>
    [Fact]
    public void AnyGgufHeader()
    {
        using var scratch = new ScratchFolder();
        Fuzz(scratch["m.gguf"], TinyGguf.Of("llama").ToBytes()[..2000], within: 2000, path => GgufFile.Open(path).Dispose(), files: 10_000);
    }

    [Fact]
    public void AnyGgufWithPieces()
    {
        using var scratch = new ScratchFolder();
        var content = SentencePieceModel.Read(TestFiles.Golden("tokenizers", "spm_bpe", "tokenizer.model"));
        var writer = TinyGguf.Of("llama")
            .Set("tokenizer.ggml.model", "llama")
            .Set("tokenizer.ggml.tokens", content.Pieces.Take(320).Select(p => p.Text).ToArray())
            .Set("tokenizer.ggml.scores", content.Pieces.Take(320).Select(p => p.Score).ToArray())
            .Set("tokenizer.ggml.token_type", content.Pieces.Take(320).Select(p => (int)p.Kind).ToArray());
        Fuzz(scratch["m.gguf"], writer.ToBytes(), within: 14_000, path =>
        {
            using var files = ModelFiles.Open(path);
            files.Tokenizer?.Encode(new TextPart("Hello 12 東", IsFrame: true));
        });
    }

    [Fact]
    public void AnySafetensors()
    {
        using var scratch = new ScratchFolder();
        File.Copy(TestFiles.Golden("llama", "config.json"), scratch["config.json"]);
        Fuzz(scratch["model.safetensors"], File.ReadAllBytes(TestFiles.Golden("llama", "model.safetensors")), within: 3000, _ =>
        {
            using var model = LanguageModel.Load(scratch.Root);
        });
    }

    [Fact]
    public void AnyConfiguration()
    {
        using var scratch = new ScratchFolder();
        foreach (var name in new[] { "llama", "qwen2", "gpt2", "chatglm2" })
        {
            File.Copy(TestFiles.Golden(name, "model.safetensors"), scratch["model.safetensors"], overwrite: true);
            Fuzz(scratch["config.json"], File.ReadAllBytes(TestFiles.Golden(name, "config.json")), within: int.MaxValue, _ =>
            {
                using var model = LanguageModel.Load(scratch.Root);
                model.Answers(1, [5, 6]);
            }, files: Files / 4);
        }
    }

    [Theory, InlineData("qwen2"), InlineData("smollm")]
    public void AnyTokenizerJson(string name)
    {
        using var scratch = new ScratchFolder();
        var right = File.ReadAllBytes(TestFiles.Golden("tokenizers", name, "tokenizer.json"));
        foreach (var within in new[] { 2500, int.MaxValue }) // what stands before the vocabulary is the more varied part
            Fuzz(scratch["tokenizer.json"], right, within, _ => Encode(TokenizerFiles.Open(scratch.Root, architecture: null)), Files / 4);
    }

    [Theory, InlineData("spm_bpe"), InlineData("spm_unigram")]
    public void AnyTokenizerModel(string name)
    {
        using var scratch = new ScratchFolder();
        var right = File.ReadAllBytes(TestFiles.Golden("tokenizers", name, "tokenizer.model"));
        Fuzz(scratch["tokenizer.model"], right, within: int.MaxValue, _ => Encode(TokenizerFiles.Open(scratch.Root, architecture: null)), Files / 2);
    }

    [Fact]
    public void AnyWordPieceVocabulary()
    {
        using var scratch = new ScratchFolder();
        var right = System.Text.Encoding.UTF8.GetBytes(string.Join('\n', (string[])["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "##s", "film", "東", .. Enumerable.Range(0, 40).Select(k => $"##{k}")]));
        Fuzz(scratch["vocab.txt"], right, within: int.MaxValue, path => WordPieces.Load(path).Encode("The films of 1997, 東京 🎬", TextEncoder.MostTokens), refusedAtLeast: 100);
    }

    private static void Encode(ITokenizer? tokenizer)
    {
        var ids = tokenizer?.Encode(new TextPart("Hello  wörld 1997\n<s> 東京 🎬", IsFrame: true)) ?? [];
        tokenizer?.Decode(ids, withControl: true);
    }

    private static void Fuzz(string path, byte[] right, int within, Action<string> read, int files = Files, int? refusedAtLeast = null)
    {
        files *= s_times;
        var mutations = new Mutations(right, seed: 7);
        int refused = 0, taken = 0;
        for (var i = 0; i < files; i++)
        {
            var bytes = mutations.Next(within);
            File.WriteAllBytes(path, bytes);
            var (allocated, clock) = (GC.GetAllocatedBytesForCurrentThread(), Stopwatch.StartNew());
            try
            {
                read(path);
                taken++;
            }
            catch (Llm4MsrException e)
            {
                Assert.True(e.Message.Length is > 20 and < 2000, $"file {i}: {e.Message}");
                refused++;
            }
            catch (Exception e) when (e is not Xunit.Sdk.IAssertionException)
            {
                Assert.Fail($"file {i} gave {e}");
            }
            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            Assert.True(allocated < (64 << 20) + 4L * bytes.Length, $"file {i} of {bytes.Length} bytes took {allocated} bytes");
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), $"file {i} took {clock.Elapsed}");
        }
        Assert.True(refused > (refusedAtLeast * s_times ?? files / 4), $"{refused} refused, {taken} taken"); // most damage is noticed; the rest is another right file
    }
}
