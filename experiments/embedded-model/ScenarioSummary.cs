using Llm4Msr.Data;

namespace Llm4Msr.TrainEmbedded;

/// <summary>The answer to the prompt of a scenario: what all share, and what the platform says of this one.</summary>
internal static class ScenarioSummary
{
    public const string AllWords = "The scenarios share. In,.";

    public static string Of(PlatformDescription platform, Scenario scenario) =>
        $"The scenarios share {platform.Users} and {platform.Items}. In {scenario.Name}, {scenario.Description}.";
}
