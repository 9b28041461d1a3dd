using System.Text.Json;
using Llm4Msr.Language.Encoders;
using Llm4Msr.Platform;
using Llm4Msr.Testing;
using TorchSharp;

namespace Llm4Msr.Language.Tests.Encoders;

public sealed class TextEncoderTests : IDisposable
{
    private static readonly List<(string Text, int[] Ids, float[] Mean)> s_golden = [.. JsonDocument.Parse(File.ReadAllText(TestFiles.Golden("minilm.json"))).RootElement.EnumerateArray()
        .Select(e => (e.GetProperty("text").GetString()!, e.GetProperty("ids").EnumerateArray().Select(v => v.GetInt32()).ToArray(), e.GetProperty("mean").EnumerateArray().Select(v => v.GetSingle()).ToArray()))];

    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void TokensAreThoseOfTheReference()
    {
        using var encoder = MiniLm();

        Assert.All(s_golden, g => Assert.Equal(g.Ids, encoder.Tokens(g.Text)));
    }

    [Fact]
    public void MeansAreThoseOfTheReferenceAloneAndInABatch()
    {
        using var encoder = MiniLm();

        foreach (var (_, ids, mean) in s_golden)
            AssertClose(mean, encoder.Encode([ids])[0]);
        var together = encoder.Encode([.. s_golden.Select(g => g.Ids)]);
        Assert.All(s_golden.Zip(together), p => AssertClose(p.First.Mean, p.Second));
    }

    [Fact]
    public void ALongTextLosesItsEnd()
    {
        using var encoder = MiniLm();

        var ids = encoder.Tokens(string.Join(' ', Enumerable.Repeat("film", 5000)));

        Assert.Equal((TextEncoder.MostTokens, 101, 102), (ids.Length, ids[0], ids[^1]));
        Assert.Equal(encoder.Width, encoder.Encode([ids])[0].Length);
    }

    [Fact]
    public async Task ItWorksBesideLibtorchFromSeveralThreads()
    {
        using var encoder = MiniLm();
        using var ones = torch.ones(200, 200);
        var texts = Enumerable.Range(0, 16).Select(k => s_golden[k % s_golden.Count]).ToList();

        await Task.WhenAll(texts.Select((golden, k) => Task.Run(() =>
        {
            using var scope = torch.NewDisposeScope();
            Assert.Equal(200f, ones.matmul(ones)[k, k].item<float>());
            AssertClose(golden.Mean, encoder.Encode([golden.Ids])[0]);
        })));
    }

    [Fact]
    public void AModelThatIsDamagedOrNoneIsRefused()
    {
        File.Copy(TestFiles.Asset("models", "all-minilm-l6-v2.vocab.txt"), _scratch["vocab.txt"]);
        var whole = File.ReadAllBytes(TestFiles.Asset("models", "all-minilm-l6-v2.fp16.onnx"));
        var random = new Random(3);
        foreach (var damaged in (byte[][])[[], [1, 2, 3], new byte[1000], whole[..100_000], whole[..(whole.Length / 2)], .. Enumerable.Range(0, 10).Select(_ => Changed(whole, random))])
        {
            File.WriteAllBytes(_scratch["m.onnx"], damaged);
            Assert.StartsWith($"'{_scratch["m.onnx"]}' ", Assert.Throws<Llm4MsrException>(() => TextEncoder.Load(_scratch["m.onnx"])).Message);
        }

        // Of the graph's own description, which lies at the beginning.
        static byte[] Changed(byte[] whole, Random random)
        {
            var changed = whole.ToArray();
            random.NextBytes(changed.AsSpan(random.Next(0, 200), 64));
            return changed;
        }
    }

    [Fact]
    public void AVocabularyWithoutTheSpecialPiecesIsRefused()
    {
        File.WriteAllLines(_scratch["vocab.txt"], ["a", "[UNK]", "[CLS]"]);
        File.WriteAllText(_scratch["m.onnx"], "");

        var error = Assert.Throws<Llm4MsrException>(() => TextEncoder.Load(_scratch["m.onnx"]));

        Assert.StartsWith($"The vocabulary '{_scratch["vocab.txt"]}' has no line '[SEP]'.", error.Message);
    }

    private static void AssertClose(float[] expected, float[] found)
    {
        Assert.Equal(expected.Length, found.Length);
        Assert.True(expected.Zip(found).Max(p => Math.Abs(p.First - p.Second)) < 1e-3);
    }

    private static TextEncoder MiniLm() => TextEncoder.Load(TestFiles.Asset("models", "all-minilm-l6-v2.fp16.onnx"));
}
