using System.Text.Json.Nodes;
using Llm4Msr.Data;
using Llm4Msr.Models;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Tests.Models;

public sealed class ModelFolderTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();
    private readonly InteractionDataset _data;

    public ModelFolderTests() => _data = SampleData.Prepared(_scratch, SampleData.Raw(users: 12, interactions: 150));

    public static TheoryData<BackboneKind> Backbones => [.. Enum.GetValues<BackboneKind>()];

    public void Dispose() => _scratch.Dispose();

    /// <summary>Also what is no parameter has to come back: moving averages, projections, the order of scenarios.</summary>
    [Theory, MemberData(nameof(Backbones))]
    public void ASavedModelIsLoadedToTheLastBitWithEveryEnhancement(BackboneKind backbone)
    {
        int[] ranks = [.. Enumerable.Range(0, 60)];
        foreach (var enhancement in ModelVariants.Enhancements.Keys)
        {
            using var sample = SampleModel.Of(_data, backbone, enhancement,
                change: o => o with { Transfer = new TransferOptions { ScenarioOrder = [2, 0, 1], StopGradient = true } });
            sample.Disturb();
            sample.Loss(ranks); // a pass in training moves the moving averages

            var path = _scratch[$"{backbone}-{enhancement}"];
            ModelFolder.Create(path, sample.Description(), _data.Encoder, sample.Table(), _ => { }).Add(7, sample.Model, _ => { });
            var opened = ModelFolder.Open(path);
            using var loaded = sample.With(opened.Load(7), opened.Description.Options);

            Assert.Equivalent(sample.Options, loaded.Options, strict: true);
            Assert.Equal(State(sample), State(loaded));
            Assert.Equal(sample.Score(ranks), loaded.Score(ranks));
        }
    }

    [Fact]
    public void AnOptionThatNobodyKnowsIsAnError()
    {
        using var sample = SampleModel.Of(_data, BackboneKind.Star, "default");
        var path = _scratch["run"];
        ModelFolder.Create(path, sample.Description(), _data.Encoder, sample.Table(), folder =>
        {
            var file = Path.Combine(folder, "model.json");
            var json = JsonNode.Parse(File.ReadAllText(file))!;
            json["options"]!["crossingLayers"] = 3;
            File.WriteAllText(file, json.ToJsonString());
        });

        var error = Assert.Throws<Llm4MsrException>(() => ModelFolder.Open(path));

        Assert.Equal(FaultKind.Damaged, error.Kind);
        Assert.Contains("crossingLayers", error.Message, StringComparison.Ordinal);
    }

    private static Dictionary<string, string> State(SampleModel sample) =>
        sample.Model.state_dict().ToDictionary(p => p.Key, p => FileHash.Of(p.Value.bytes.ToArray()));
}
