using Llm4Msr.Evaluation;
using Spectre.Console;
using static System.FormattableString;

namespace Llm4Msr.Cli.Grids;

/// <summary>What <c>value</c> found: a row per policy, and where to stop.</summary>
/// <param name="Policies">With the run of each, in the order of cost.</param>
/// <param name="Gains">Of each policy after the first over the first.</param>
/// <param name="Hours">Of the whole store; null where they are not known.</param>
/// <param name="HoursFrom">Where they come from, in words.</param>
internal sealed record ValueReport(
    IReadOnlyList<(ValuePolicy Policy, ArmResult Result)> Policies, IReadOnlyList<Comparison> Gains, StoppingPoint Stop, double? Hours, string HoursFrom)
{
    private const string Rule = "policies come in the order of cost, and one takes the place of the cheaper one that stands where it is ahead of it by the smallest gain that matters and by more "
        + "standard errors than chance explains in so many tries (1 - 0.025 / policies after the first). What stands at the end is recommended.";

    public object Model(string output) => new
    {
        output,
        recommended = Name(Stop.Recommended),
        sentence = Sentence(),
        Stop.SmallestGain,
        rule = Rule,
        HoursFrom,
        policies = Policies.Select((p, k) => new
        {
            policy = p.Policy.Arm.Name,
            p.Policy.Work.Users,
            p.Policy.Work.Prompts,
            p.Policy.Work.Tokens,
            hours = HoursOf(k),
            auc = p.Result.TestAuc,
            gain = Gain(k),
            low = k == 0 ? 0 : Gains[k - 1].Mean.Interval?.Low,
            high = k == 0 ? 0 : Gains[k - 1].Mean.Interval?.High,
            smallestDetectable = k == 0 ? null : Gains[k - 1].Mean.SmallestDetectable,
            scenarios = k == 0 ? null : Gains[k - 1].Scenarios,
            trials = p.Result.Tried,
            run = p.Result.Best.Run,
        }),
        steps = Stop.Steps.Select(step => new { policy = Name(step.Policy), over = Name(step.Standing), step.Difference, step.Ahead, step.Pays }),
        users = Gains[0].Users,
        replicates = Gains[0].Replicates,
    };

    public void WriteTable(string path) => CsvFile.Write(
        path, ["policy", "users", "prompts", "tokens", "hours", "auc", "gain", "low", "high", "smallest_detectable", "recommended", "run"],
        Policies.Select((p, k) => (IReadOnlyList<object?>)[
            p.Policy.Arm.Name, p.Policy.Work.Users, p.Policy.Work.Prompts, p.Policy.Work.Tokens, HoursOf(k), p.Result.TestAuc, Gain(k),
            k == 0 ? 0 : Gains[k - 1].Mean.Interval?.Low, k == 0 ? 0 : Gains[k - 1].Mean.Interval?.High, k == 0 ? null : Gains[k - 1].Mean.SmallestDetectable,
            k == Stop.Recommended ? "yes" : "no", p.Result.Best.Run]));

    public void Print(IAnsiConsole console)
    {
        var table = EvaluationReport.NewTable("mean scenario AUC, test part, and what the knowledge takes");
        table.AddColumn("");
        EvaluationReport.AddColumns(table, ["users", "prompts", "tokens", "hours", "AUC", "gain over\nnone", "95 % interval", "would be\ndetected", ""]);
        for (var k = 0; k < Policies.Count; k++)
        {
            var (policy, result) = Policies[k];
            var gain = k == 0 ? null : Gains[k - 1].Mean;
            table.AddRow([.. ((string[])[
                policy.Arm.Name, Numbers.Count(policy.Work.Users), Numbers.Count(policy.Work.Prompts), Numbers.Count(policy.Work.Tokens), HoursOf(k) is { } hours ? Numbers.Hours(hours) : "",
                Numbers.Figure(result.TestAuc), gain is null ? "" : Numbers.WithSign(gain.Difference), gain is null ? "" : Numbers.WithSign(gain.Interval),
                gain?.SmallestDetectable is { } least ? Invariant($"{least:0.0000}") : "", k == Stop.Recommended ? "stop here" : "",
            ]).Select(Markup.Escape)]);
        }
        console.Write(table);
        console.WriteLine(Sentence());
        console.WriteLine($"The rule: {Rule}");
        console.WriteLine($"Hours: {HoursFrom}.");
        var seeds = Policies[0].Result.Best.Seeds.Count;
        console.WriteLine(Invariant($"Intervals: {Gains[0].Replicates:N0} draws of the {Gains[0].Users:N0} users{EvaluationReport.AndSeeds(seeds)}{EvaluationReport.OfOneSeed(seeds)}."));
    }

    /// <summary>Where to stop, in words.</summary>
    public string Sentence() => Stop.Worth switch
    {
        Worth.Pays => Recommendation(Stop.Steps[Stop.Recommended - 1]),
        Worth.Behind => "No policy pays: each is behind no knowledge by its interval. Stop before asking.",
        Worth.TooLittle => Invariant($"No policy gains {Stop.SmallestGain:0.0000} over no knowledge: every interval ends below that{(Stop.BestAhead is { } best ? $", though '{Name(best.Policy)}' is ahead by {Lead(best)}" : "")}. Stop before asking."),
        Worth.Ahead => Invariant($"No policy is shown to pay: '{Name(Stop.BestAhead!.Policy)}' is ahead of no knowledge by {Lead(Stop.BestAhead)}, which is less than {Stop.SmallestGain:0.0000}. More users, rows or seeds would say more."),
        _ => Invariant($"No policy is shown to pay, and these rows do not rule out a gain of {Stop.SmallestGain:0.0000}: more users, rows or seeds would say more."),
    };

    private string Recommendation(PolicyStep step) =>
        $"Stop at '{Name(step.Policy)}': it is ahead of '{Name(step.Standing)}' by {Lead(step)}, and {(Stop.Recommended == Policies.Count - 1 ? "nothing is dearer" : "nothing dearer is shown to be worth more")}.";

    private static string Lead(PolicyStep step) => Invariant($"{step.Difference.Difference:0.0000} in mean scenario AUC (95 % interval {Numbers.WithSign(step.Difference.Interval)})");

    private string Name(int policy) => Policies[policy].Policy.Arm.Name;

    /// <summary>Its share of the whole store's, by what was read and generated; where nothing is recorded, by prompts.</summary>
    private double? HoursOf(int policy)
    {
        var (work, all) = (Policies[policy].Policy.Work, Policies[^1].Policy.Work);
        return Hours * (all.Work > 0 ? work.Work / all.Work : work.Prompts / (double)all.Prompts);
    }

    private double? Gain(int policy) => policy == 0 ? 0 : Gains[policy - 1].Mean.Difference;
}
