using System.Globalization;
using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Models;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning;
using Llm4Msr.Training;

namespace Llm4Msr.Cli.Grids;

/// <summary>Whom a language model is asked about, and what that takes.</summary>
/// <param name="Work">Nothing for the policy that asks about nobody.</param>
internal sealed record ValuePolicy(Arm Arm, StoredWork Work);

/// <summary>The policies of <c>value</c>, in the order of cost: nobody, the scenarios alone, more and more of the most active users, all of them.</summary>
internal static class ValuePolicies
{
    public const string Nobody = "none", Scenarios = "scenario level only", Everybody = "all users";

    private const string Enhancement = "model.enhancement";

    private static readonly StoredWork s_nothing = new(0, 0, 0, 0);

    /// <param name="percents">Of the users, the most active, each a policy.</param>
    public static IReadOnlyList<ValuePolicy> Of(InteractionDataset data, KnowledgeStore store, IReadOnlyList<double> percents)
    {
        if (percents.Any(p => p is not (> 0 and < 100)) || percents.Distinct().Count() < percents.Count)
            throw new Llm4MsrException(FaultKind.Usage, $"--active is {string.Join(',', percents.Select(Spelled))}, expected different percentages, each more than 0 and less than 100: none and all are compared in any case.");
        if (store.Fingerprint.UserWidth == 0 || store.Fingerprint.ScenarioWidth == 0)
            throw new Llm4MsrException(FaultKind.BadInput, $"'{store.Path}' holds knowledge of {(store.Fingerprint.UserWidth == 0 ? "scenarios" : "users")} alone, and 'value' weighs that of both. Reason about both into one store.");
        var fused = (Enhancement, Spelling.Of(EnhancementKind.Llm4msr));
        (Arm Arm, IReadOnlySet<string>? Users)[] asking =
        [
            (Arm.Of(Scenarios, [fused, .. ReproducedPlan.WithoutUserLevel]), new HashSet<string>()),
            .. percents.Order().Select(percent => (
                Arm.Of($"top {Spelled(percent)} % of users", fused, ("activeUsers", Spelled(percent))), (IReadOnlySet<string>?)UserActivity.MostActive(data, percent))),
            (Arm.Of(Everybody, fused), null),
        ];
        var work = StoredWork.Of(store, data.Description.TrainingPartHash, [.. asking.Select(policy => policy.Users)]);
        return
        [
            new(Arm.Of(Nobody, (Enhancement, Spelling.Of(EnhancementKind.None))), s_nothing),
            .. asking.Zip(work, (policy, taken) => new ValuePolicy(policy.Arm, taken)),
        ];
    }

    private static string Spelled(double percent) => percent.ToString(CultureInfo.InvariantCulture);
}
