using Llm4Msr.Data;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Testing;
using TorchSharp;
using static TorchSharp.torch;

namespace Llm4Msr.Tests.Models;

/// <summary>The example of docs/new-backbone.md is code that compiles, runs and keeps what every backbone must keep.</summary>
public class NewBackboneTests
{
    [Fact]
    public void TheDocumentShowsTheCodeThatIsTested()
    {
        var source = File.ReadAllText(Path.Combine(TestFiles.RepositoryRoot, "test", "Llm4Msr.Tests", "Models", "NewBackbone.cs"));
        var document = File.ReadAllText(Path.Combine(TestFiles.RepositoryRoot, "docs", "new-backbone.md"));

        Assert.Equal(Between(source, "#region docs/new-backbone.md\n", "#endregion"), Between(document, "```csharp\n", "```"));

        static string Between(string text, string start, string end)
        {
            var from = text.IndexOf(start, StringComparison.Ordinal) + start.Length;
            return text[from..text.IndexOf(end, from, StringComparison.Ordinal)];
        }
    }

    [Fact]
    public void TheExampleKeepsWhatEveryBackboneMustKeepWithAnyEnhancement()
    {
        using var scope = NewDisposeScope();
        using var random = new Generator(2, CPU);
        var options = ModelVariants.Options(default, "default");
        var backbone = new Separate(16, 3, options, random);
        var fused = new KnowledgeFusion(backbone, 16, 3, new KnowledgeShape(5, 1, 4, 1), options.Fusion!, random);
        fused.to(ScalarType.Float64);
        SampleNetwork.Disturb(fused, random);
        var features = randn(60, 16, generator: random, dtype: float64);
        var (users, scenarios) = (randn(60, 5, generator: random, dtype: float64), randn(3, 4, generator: random, dtype: float64));

        Assert.Null(NetworkChecks.RowsAreIndependent(rows => Logits(rows), 60));
        Logits([.. Enumerable.Range(0, 60)]).sum().backward();
        Assert.Null(NetworkChecks.EveryParameterHasAGradient([fused]));

        Tensor Logits(int[] rows)
        {
            var places = tensor(rows.Select(r => (long)r).ToArray());
            return fused.call(features.index_select(0, places), new ScenarioGroups([.. rows.Select(r => r % 3)], 3), new BatchKnowledge(new RowKnowledge(users, places), scenarios));
        }
    }
}
