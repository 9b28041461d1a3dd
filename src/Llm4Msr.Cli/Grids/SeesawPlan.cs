using System.Text.Json;
using Llm4Msr.Cli.Configuration;
using Llm4Msr.Data;
using Llm4Msr.Models;
using Llm4Msr.Platform;

namespace Llm4Msr.Cli.Grids;

/// <summary>What a seesaw is seen with.</summary>
/// <param name="Models">Trained on all scenarios; the first is Shared Bottom.</param>
/// <param name="Alone">By scenario a plain network of the same widths, trained on that scenario's rows alone.</param>
internal sealed record SeesawPlan(IReadOnlyList<Arm> Models, IReadOnlyList<Arm> Alone)
{
    private const string Backbone = "model.backbone", Enhancement = "model.enhancement";

    public IEnumerable<Arm> Arms => Models.Concat(Alone);

    /// <param name="backbone">Looked at beside Shared Bottom.</param>
    /// <param name="withKnowledge">Whether LLM4MSR around it is looked at too.</param>
    public static SeesawPlan Of(DataDescription data, BackboneKind backbone, bool withKnowledge)
    {
        if (data.Scenarios.Count < 2)
            throw new Llm4MsrException(FaultKind.Usage, $"The data hold one scenario, '{data.Scenarios[0].Name}', and a seesaw needs two or more.");
        var (shared, plain, fused) = (Spelling.Of(BackboneKind.SharedBottom), (Enhancement, Spelling.Of(EnhancementKind.None)), (Enhancement, Spelling.Of(EnhancementKind.Llm4msr)));
        var name = Spelling.Of(backbone);
        return new SeesawPlan(
            [
                Arm.Of(shared, (Backbone, shared), plain),
                .. name == shared ? [] : new[] { Arm.Of(name, (Backbone, name), plain) },
                .. withKnowledge ? [Arm.Of($"{name} + {fused.Item2}", (Backbone, name), fused)] : Array.Empty<Arm>(),
            ],
            // With one scenario Shared Bottom is a plain network.
            [.. data.Scenarios.Select(s => Arm.Of($"'{s.Name}' alone", (Backbone, shared), plain, ("scenarios", JsonSerializer.Serialize(new[] { s.Name }, Config.Json))))]);
    }
}
