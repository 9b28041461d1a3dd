using CsCheck;
using Llm4Msr.Models.Enhancements;
using static TorchSharp.torch;

namespace Llm4Msr.Tests.Models;

public class MetaLayersTests
{
    /// <summary>The two ways of computing a layer (weights written down, or factors) meet in one definition: a row's own weight times its features.</summary>
    [Fact]
    public void EachRowIsTransformedByWeightsGeneratedFromItsOwnKnowledge() =>
        Gen.Select(Gen.Int[1, 12], Gen.Int[1, 8], Gen.Int[1, 8], Gen.Int[1, 9]).Sample((width, inputs, outputs, rows) =>
        {
            using var scope = NewDisposeScope();
            using var random = new Generator(7, CPU);
            var layer = new MetaLayer(width, inputs, outputs, gain: 1, knowledgeScale: 1, random);
            var features = randn(rows, inputs, generator: random);
            var distinct = randn(3, width, generator: random);
            long[] owner = [.. Enumerable.Range(0, rows).Select(row => (row * 2L) % 3)];

            var together = layer.call(features, new RowKnowledge(distinct, tensor(owner)));

            for (var row = 0; row < rows; row++)
            {
                var alone = layer.ForwardShared(features[row].unsqueeze(0), distinct[owner[row]]);
                Assert.True(together[row].allclose(alone.squeeze(0), rtol: 1e-4, atol: 1e-5));
            }
        });

    [Fact]
    public void KnowledgeOfAnyScaleGivesWeightsOfTheRightSize()
    {
        using var scope = NewDisposeScope();
        using var random = new Generator(3, CPU);
        foreach (var scale in new[] { 0.1, 1, 30 })
        {
            var layer = new MetaLayer(16, 128, 32, gain: 1, knowledgeScale: scale, random);
            var knowledge = randn(400, 16, generator: random) * tensor((float)scale);
            var features = randn(400, 128, generator: random);

            var result = layer.call(features, new RowKnowledge(knowledge, arange(400, ScalarType.Int64)));

            Assert.InRange((result * result).mean().item<float>(), 1.5, 2.5); // 2/I times I features of variance 1
        }
    }
}
