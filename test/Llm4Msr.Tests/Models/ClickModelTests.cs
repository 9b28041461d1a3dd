using Llm4Msr.Data;
using Llm4Msr.Models;
using Llm4Msr.Testing;
using TorchSharp;
using static TorchSharp.torch;

namespace Llm4Msr.Tests.Models;

/// <summary>What every backbone and enhancement must keep, on whole models.</summary>
public sealed class ClickModelTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();
    private readonly InteractionDataset _data;

    public ClickModelTests() => _data = SampleData.Prepared(_scratch);

    public void Dispose() => _scratch.Dispose();

    public static TheoryData<BackboneKind, string> Models => ModelVariants.Table2;

    [Theory, MemberData(nameof(Models))]
    public void ARowsScoreDoesNotDependOnTheOtherRows(BackboneKind backbone, string enhancement)
    {
        using var sample = SampleModel.Of(_data, backbone, enhancement);
        int[] ranks = [.. Enumerable.Range(0, 60).Select(k => k * 17 % _data.Interactions.Count)];

        var together = sample.Score(ranks);

        for (var k = 0; k < ranks.Length; k += 7)
        {
            Assert.Equal(together[k], Assert.Single(sample.Score([ranks[k]])), 1e-6);
            int[] others = [.. ranks.Reverse()];
            Assert.Equal(together[k], sample.Score(others)[ranks.Length - 1 - k], 1e-6);
        }
    }

    [Theory, MemberData(nameof(Models))]
    public void EveryParameterIsTrained(BackboneKind backbone, string enhancement)
    {
        using var scope = NewDisposeScope();
        Assert.Null(NetworkChecks.EveryParameterHasAGradient(Enumerable.Range(1, 20).Select(seed =>
        {
            var sample = SampleModel.Of(_data, backbone, enhancement, (ulong)seed);
            sample.Disturb(); // leave the zero start, behind which the layers below see no gradient yet
            sample.Loss([.. Enumerable.Range(0, 400)]).backward();
            return sample.Model;
        })));
    }

    [Theory, MemberData(nameof(Models))]
    public void TheSeedDecidesEveryFirstWeight(BackboneKind backbone, string enhancement)
    {
        using var one = SampleModel.Of(_data, backbone, enhancement, seed: 4);
        using var same = SampleModel.Of(_data, backbone, enhancement, seed: 4);
        using var other = SampleModel.Of(_data, backbone, enhancement, seed: 5);

        Assert.Equal(one.Score([1, 2, 3]), same.Score([1, 2, 3]));
        Assert.NotEqual(one.Score([1, 2, 3]), other.Score([1, 2, 3]));
    }

    /// <summary>Every field's numbers, those of several values at once included, and of no other part of the model.</summary>
    [Fact]
    public void EmbeddingsStartAtTheDeviationThatIsAskedForAndNothingElseDoes()
    {
        using var small = SampleModel.Of(_data, BackboneKind.Star, "epnet");
        using var large = SampleModel.Of(_data, BackboneKind.Star, "epnet", change: options => options with { EmbeddingDeviation = 100 * options.EmbeddingDeviation });

        foreach (var ((name, first), (_, second)) in small.Model.named_parameters().Zip(large.Model.named_parameters()))
        {
            var expected = name.StartsWith("embedding.", StringComparison.Ordinal) ? 100 * first : first;
            Assert.True(second.allclose(expected, rtol: 1e-5), name);
        }
        Assert.InRange(cat([.. large.Model.named_parameters().Where(p => p.name.StartsWith("embedding.", StringComparison.Ordinal)).Select(p => p.parameter.flatten())]).std().item<float>(), 0.09, 0.11);
    }

    [Fact]
    public void ARowWithoutKnowledgeGetsTheLearnedVectorAndNotZeros()
    {
        using var sample = SampleModel.Of(_data, BackboneKind.Star, "default");
        sample.Disturb();
        var rank = Enumerable.Range(0, _data.Interactions.Count).First(r => sample.Knowledge!.RowOfRank[r] >= 0);
        var known = sample.Score([rank])[0];
        sample.Knowledge!.RowOfRank[rank] = -1;
        var unknown = sample.Score([rank])[0];

        SampleNetwork.Disturb(sample.Model.named_parameters().Single(p => p.name == "knowledge.user_none").parameter);
        var taught = sample.Score([rank])[0];

        Assert.NotEqual(known, unknown);
        Assert.NotEqual(unknown, taught);
    }

    [Fact]
    public void OnlyTheRowsOfAScenarioFeelItsKnowledge()
    {
        using var sample = SampleModel.Of(_data, BackboneKind.SharedBottom, "default");
        sample.Disturb();
        int[] ranks = [.. Enumerable.Range(0, 200)];
        var before = sample.Score(ranks);

        sample.ReplaceScenarioVector(1);
        var after = sample.Score(ranks);

        for (var k = 0; k < ranks.Length; k++)
            Assert.Equal(_data.Interactions.Scenario[ranks[k]] == 1, before[k] != after[k]);
    }

    [Theory]
    [InlineData("none", 0), InlineData("dynamic-network", 0), InlineData("knowledge-field", 0)]
    [InlineData("default", 16), InlineData("user-bottom", 8), InlineData("one-layer", 8), InlineData("low-rank", 16)]
    public void OnlyTheGeneratorsThatReadKnowledgeLearnAtTheirOwnRate(string enhancement, int expected)
    {
        using var sample = SampleModel.Of(_data, BackboneKind.Star, enhancement);
        var generators = sample.Model.KnowledgeGenerators.Select(p => p.Handle).ToHashSet();

        Assert.Equal(expected, generators.Count);
        Assert.Equal(
            sample.Model.named_parameters().Where(p => expected > 0 && p.name.Contains("_generator.", StringComparison.Ordinal)).Select(p => p.name),
            sample.Model.named_parameters().Where(p => generators.Contains(p.parameter.Handle)).Select(p => p.name));
    }

    [Fact]
    public void ScoringLeavesNoTensorBehind()
    {
        using var sample = SampleModel.Of(_data, BackboneKind.Star, "default");
        sample.Score([1, 2]);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        for (var k = 0; k < 20; k++)
            sample.Score([1, 2]);

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }
}
