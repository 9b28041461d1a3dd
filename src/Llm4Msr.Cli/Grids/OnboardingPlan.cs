using System.Text.Json;
using Llm4Msr.Cli.Configuration;
using Llm4Msr.Data;
using Llm4Msr.Models;
using Llm4Msr.Platform;

namespace Llm4Msr.Cli.Grids;

/// <summary>A scenario that is left out of training, and the arm without it.</summary>
/// <param name="Others">Names of those that are trained on.</param>
internal sealed record LeftOutScenario(string Name, IReadOnlyList<string> Others, Arm Arm);

/// <summary>
/// What onboarding is seen with: a model of all scenarios, and for each that is left out one of the others. All read
/// scenarios' knowledge alone: users' prompts hold what they liked in every scenario, the new one too.
/// </summary>
internal sealed record OnboardingPlan(Arm Full, IReadOnlyList<LeftOutScenario> LeftOut)
{
    public const string All = "all";

    private const int FewestOthers = 2;

    public IEnumerable<Arm> Arms => LeftOut.Select(s => s.Arm).Prepend(Full);

    /// <param name="scenario">A name, or <see cref="All"/> for each in turn.</param>
    public static OnboardingPlan Of(DataDescription data, string scenario)
    {
        var names = data.Scenarios.Select(s => s.Name).ToList();
        if (names.Count <= FewestOthers)
            throw new Llm4MsrException(FaultKind.Usage, $"The data hold {names.Count} scenarios, and to leave one out {FewestOthers} others are needed: with a single one nothing could be nearest.");
        if (scenario != All && !names.Contains(scenario))
            throw new Llm4MsrException(FaultKind.Usage, $"--scenario is '{scenario}'. There are: {string.Join(", ", names)}, or {All} for each in turn.{Nearest.Hint(scenario, names)}");
        (string, string)[] fused = [("model.enhancement", Spelling.Of(EnhancementKind.Llm4msr)), .. ReproducedPlan.WithoutUserLevel];
        return new OnboardingPlan(
            Arm.Of("all scenarios", fused),
            [
                .. names.Where(name => name == scenario || !names.Contains(scenario)).Select(name =>
                {
                    string[] others = [.. names.Where(other => other != name)];
                    return new LeftOutScenario(name, others, Arm.Of($"without '{name}'", [.. fused, ("scenarios", JsonSerializer.Serialize(others, Config.Json))]));
                }),
            ]);
    }
}
