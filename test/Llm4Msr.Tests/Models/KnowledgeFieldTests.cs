using Llm4Msr.Data;
using Llm4Msr.Models.Enhancements;
using static TorchSharp.torch;

namespace Llm4Msr.Tests.Models;

public class KnowledgeFieldTests
{
    private const int Features = 3, Size = 16, Users = 400;

    /// <summary>A baseline whose start depends on the language model would be another baseline for each.</summary>
    [Theory]
    [InlineData(8, 1)]
    [InlineData(576, 1)]
    [InlineData(48, 20)]
    public void TheFieldStartsAsSmallWhateverTheVectorsAre(int width, double scale)
    {
        using var scope = NewDisposeScope();
        using var random = new Generator(1, CPU);
        var backbone = new Seen();
        using var model = new KnowledgeField(backbone, Size, new KnowledgeShape(width, scale, 0, 1), random);
        var vectors = zeros(Users, width).normal_(0, scale, random);

        model.call(
            zeros(Users, Features), new ScenarioGroups(new int[Users], 1),
            new BatchKnowledge(new RowKnowledge(vectors, arange(Users)), zeros(1, 1)));

        Assert.Equal([Users, Features + Size], backbone.Rows!.shape);
        Assert.InRange(backbone.Rows.narrow(1, Features, Size).std().item<float>(), 0.27, 0.33);
    }

    /// <summary>Keeps what it is given.</summary>
    private sealed class Seen() : nn.Module<Tensor, ScenarioGroups, Tensor>(nameof(Seen))
    {
        public Tensor? Rows { get; private set; }

        public override Tensor forward(Tensor features, ScenarioGroups scenarios)
        {
            Rows = features;
            return features.sum(1);
        }
    }
}
