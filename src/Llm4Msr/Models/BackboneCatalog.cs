using Llm4Msr.Data;
using Llm4Msr.Models.Backbones;
using static TorchSharp.torch;

namespace Llm4Msr.Models;

/// <summary>A backbone that there is.</summary>
/// <param name="What">What it is, in a sentence.</param>
/// <param name="Paper">Where it comes from.</param>
/// <param name="Create">From inputs, scenarios, options and the source of its first weights.</param>
public sealed record BackboneEntry(string What, string Paper, Func<int, int, ModelOptions, Generator, nn.Module<Tensor, ScenarioGroups, Tensor>> Create);

/// <summary>Every backbone, in one place: a new one is a file in <c>Backbones/</c>, a member of <see cref="BackboneKind"/> and an entry here.</summary>
public static class BackboneCatalog
{
    public static BackboneEntry Entry(BackboneKind kind) => kind switch
    {
        BackboneKind.SharedBottom => new(
            "One network for all scenarios, then a tower for each.",
            "Caruana: Multitask Learning, Machine Learning 28, 1997",
            (inputs, scenarios, options, random) => new SharedBottom(inputs, scenarios, options, random)),
        BackboneKind.Star => new(
            "A shared network times one of each scenario, weight by weight, behind partitioned normalisation and beside an auxiliary network.",
            "Sheng et al.: One Model to Serve All: Star Topology Adaptive Recommender for Multi-Domain CTR Prediction, CIKM 2021",
            (inputs, scenarios, options, random) => new Star(inputs, scenarios, options, random)),
        BackboneKind.Omoe => new(
            "Experts for all scenarios behind one gate, then a tower for each scenario.",
            "Ma et al.: Modeling Task Relationships in Multi-task Learning with Multi-gate Mixture-of-Experts, KDD 2018 (its one-gate baseline)",
            (inputs, scenarios, options, random) => new Omoe(inputs, scenarios, options, random)),
        BackboneKind.Mmoe => new(
            "Experts for all scenarios, a gate and a tower for each scenario.",
            "Ma et al.: Modeling Task Relationships in Multi-task Learning with Multi-gate Mixture-of-Experts, KDD 2018",
            (inputs, scenarios, options, random) => new Mmoe(inputs, scenarios, options, random)),
        BackboneKind.Ple => new(
            "Levels of experts, some for one scenario and some for all, each level behind gates, then a tower for each scenario.",
            "Tang et al.: Progressive Layered Extraction (PLE): A Novel Multi-Task Learning Model for Personalized Recommendations, RecSys 2020",
            (inputs, scenarios, options, random) => new Ple(inputs, scenarios, options, random)),
        BackboneKind.Aitm => new(
            "A network for each scenario; in a fixed order each attends to its own and to what the one before hands on.",
            "Xi et al.: Modeling the Sequential Dependence among Audience Multi-step Conversions with Multi-task Learning in Targeted Display Advertising, KDD 2021",
            (inputs, scenarios, options, random) => new Aitm(inputs, scenarios, options, random)),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };
}
