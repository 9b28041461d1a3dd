using System.Text.Json;
using Llm4Msr.Data;
using Llm4Msr.Models.Backbones;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Platform;
using Llm4Msr.Testing;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Llm4Msr.Tests.Models;

/// <summary>
/// One cell of <c>test/golden/ctr</c>: a backbone with an enhancement, its parameters, and what PyTorch computed with them in
/// float64.
/// </summary>
internal sealed class CtrGolden : IDisposable
{
    private const double Tolerance = 1e-5;

    private readonly JsonElement _sizes = JsonDocument.Parse(File.ReadAllText(TestFiles.Golden("ctr", "golden.json"))).RootElement;
    private readonly SafetensorsFile _inputs = SafetensorsFile.Open(TestFiles.Golden("ctr", "inputs.safetensors"));
    private readonly SafetensorsFile _parameters;
    private readonly SafetensorsFile _gradients;

    public CtrGolden(string backbone, string enhancement)
    {
        Cell = _sizes.GetProperty("cells").GetProperty($"{backbone}.{enhancement}");
        _parameters = SafetensorsFile.Open(TestFiles.Golden("ctr", $"{backbone}.{enhancement}.safetensors"));
        _gradients = SafetensorsFile.Open(TestFiles.Golden("ctr", $"{backbone}.{enhancement}.grad.safetensors"));

        using var random = new Generator(1, CPU);
        int[] hidden = [.. _sizes.GetProperty("hidden").EnumerateArray().Select(h => h.GetInt32())];
        var (features, scenarios) = (_sizes.GetProperty("d").GetInt32(), _sizes.GetProperty("D").GetInt32());
        Backbone = backbone switch
        {
            "shared_bottom" => new SharedBottom(features, hidden, scenarios, random),
            "star" => new Star(features, hidden, scenarios, random, (int)_parameters.Entry("aux.embedding").Shape[1]),
            _ => throw new ArgumentOutOfRangeException(nameof(backbone), backbone, null),
        };
        if (enhancement.StartsWith("llm", StringComparison.Ordinal))
        {
            var width = _sizes.GetProperty("H").GetInt32();
            var middle = _sizes.GetProperty("user_dims")[1].GetInt32();
            Fusion = new KnowledgeFusion(
                Backbone, features, new KnowledgeShape(width, 1, width, 1),
                new FusionOptions { Residual = enhancement == "llm_residual", UserHidden = middle, ScenarioHidden = middle }, random);
        }
        Model = (nn.Module?)Fusion ?? Backbone;
        Model.to(ScalarType.Float64);
        Load();

        Features = Input("features").requires_grad_();
        Clicked = Input("clicked");
        Groups = new ScenarioGroups([.. _sizes.GetProperty("scenario").EnumerateArray().Select(s => s.GetInt32())], scenarios);
    }

    public JsonElement Cell { get; }

    public nn.Module<Tensor, ScenarioGroups, Tensor> Backbone { get; }

    public KnowledgeFusion? Fusion { get; }

    public nn.Module Model { get; }

    public Tensor Features { get; }

    public Tensor Clicked { get; }

    public ScenarioGroups Groups { get; }

    public Tensor Logits() => Fusion is null
        ? Backbone.call(Features, Groups)
        : Fusion.call(Features, Groups, new BatchKnowledge(
            new RowKnowledge(Input("user_knowledge"), arange(Clicked.shape[0], ScalarType.Int64)), Input("scenario_knowledge")));

    public Tensor Loss() => nn.functional.binary_cross_entropy_with_logits(Logits(), Clicked);

    public IEnumerable<(string Name, Parameter Parameter)> Parameters() => Model.named_parameters().Select(p => (GoldenName(p.name), p.parameter));

    public Tensor Gradient(string name) => _gradients.Read(name).to(float64);

    public Tensor Expected(string name)
    {
        var value = Cell.GetProperty(name);
        var rows = value.GetArrayLength();
        return value[0].ValueKind == JsonValueKind.Array
            ? tensor(value.EnumerateArray().SelectMany(r => r.EnumerateArray().Select(v => v.GetDouble())).ToArray()).view(rows, -1)
            : tensor(value.EnumerateArray().Select(v => v.GetDouble()).ToArray());
    }

    public static void AssertClose(Tensor expected, Tensor actual, string what)
    {
        using var _ = no_grad();
        Assert.Equal(expected.shape, actual.shape);
        var difference = (expected - actual.to(float64)).abs().max().item<double>();
        var largest = expected.abs().max().item<double>();
        Assert.True(difference <= Tolerance * largest, $"{what}: largest difference {difference:g3}, largest value {largest:g3}");
    }

    public void Dispose()
    {
        _inputs.Dispose();
        _parameters.Dispose();
        _gradients.Dispose();
        Model.Dispose();
    }

    private Tensor Input(string name) => _inputs.Read(name).to(float64);

    /// <summary>Every golden parameter has its place, and every place its golden parameter.</summary>
    private void Load()
    {
        using var _ = no_grad();
        Assert.Equal(_parameters.Entries.Keys.Order(StringComparer.Ordinal), Parameters().Select(p => p.Name).Order(StringComparer.Ordinal));
        foreach (var (name, parameter) in Parameters())
        {
            Assert.Equal(_parameters.Entry(name).Shape, parameter.shape);
            parameter.copy_(_parameters.Read(name));
        }
    }

    private static string GoldenName(string name) => name.StartsWith("backbone.", StringComparison.Ordinal) ? name["backbone.".Length..] : name;
}
