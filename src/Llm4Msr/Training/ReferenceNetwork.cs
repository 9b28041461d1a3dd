using Llm4Msr.Data;
using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Platform;
using TorchSharp;
using TorchSharp.Modules;

namespace Llm4Msr.Training;

/// <summary>A network in float64 whose parameters carry the names that reference folders give them.</summary>
internal sealed class ReferenceNetwork : IDisposable
{
    public ReferenceNetwork(ModelOptions options, torch.nn.Module<Tensor, ScenarioGroups, BatchKnowledge?, Tensor> module)
    {
        Module = module;
        module.to(torch.ScalarType.Float64);
        Parameters = [.. module.named_parameters().Select(p => (Name(options.Enhancement, p.name), p.parameter))];
    }

    public torch.nn.Module<Tensor, ScenarioGroups, BatchKnowledge?, Tensor> Module { get; }

    public IReadOnlyList<(string Name, Parameter Parameter)> Parameters { get; }

    /// <summary>Every stored parameter has its place, and every place its stored parameter.</summary>
    public void Load(SafetensorsFile file)
    {
        using var _ = torch.no_grad();
        var names = Parameters.Select(p => p.Name).ToList();
        if (names.Except(file.Entries.Keys).Concat(file.Entries.Keys.Except(names)).FirstOrDefault() is { } odd)
        {
            throw new Llm4MsrException(FaultKind.Damaged,
                $"'{file.Path}' does not fit the model: '{odd}' is {(names.Contains(odd) ? "in the model alone" : "in the file alone")}. Make the folder again.");
        }
        foreach (var (name, parameter) in Parameters)
        {
            var found = file.Entry(name).Shape;
            if (!found.SequenceEqual(parameter.shape))
                throw ReferenceReplay.WrongShape(file, name, found, parameter.shape);
            parameter.copy_(file.Read(name));
        }
    }

    public void Dispose() => Module.Dispose();

    private static string Name(EnhancementKind enhancement, string name) =>
        name.StartsWith("backbone.", StringComparison.Ordinal) ? name["backbone.".Length..]
        : name == "alpha_logit" ? name
        : enhancement switch
        {
            EnhancementKind.DynamicNetwork => $"dn.{name}",
            EnhancementKind.Epnet => $"epnet.{name}",
            _ => name,
        };
}
