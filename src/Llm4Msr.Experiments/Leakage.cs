using Llm4Msr.Evaluation;
using Llm4Msr.Knowledge;

namespace Llm4Msr.Experiments;

/// <summary>What <c>protocols</c> found: how much of a gain is leakage.</summary>
/// <param name="Detail">What has to be said beside the sentence, a sentence each.</param>
/// <param name="Differences">In words, in what else the stores differ; null where in nothing.</param>
/// <param name="Arms">No knowledge, and for each protocol real knowledge and that of another user.</param>
public sealed record ProtocolsResult(string Sentence, IReadOnlyList<string> Detail, string? Differences, IReadOnlyList<ProtocolGain> Protocols, IReadOnlyList<ArmRun> Arms);

/// <summary>What knowledge gains under one protocol, and what the rows that say so could see.</summary>
/// <param name="OverNone">Real knowledge less none.</param>
/// <param name="OverShuffled">Real knowledge less another user's.</param>
/// <param name="Prompts">Of users and scenarios; of vectors that have none, the users' snapshots.</param>
/// <param name="Rederived">Of these, prompts that were written again from the data, so that what they hold is known; of others a snapshot's own rank is believed.</param>
/// <param name="Rows">Of the test part.</param>
/// <param name="WithKnowledge">Of these, rows that see a user's snapshot.</param>
/// <param name="SeeThemselves">Rows that stand in what they see.</param>
/// <param name="SeeTheirFuture">Rows that see a later row of their user.</param>
/// <param name="Exposed">One or the other.</param>
/// <param name="Leakage">Less real knowledge under the laxest protocol that exposes no test row; null where it exposes none itself, or no such protocol is there.</param>
public sealed record ProtocolGain(
    KnowledgeProtocol Protocol, double? Auc, AucDifference OverNone, AucDifference OverShuffled, long Prompts, long Rederived,
    long Rows, long WithKnowledge, long SeeThemselves, long SeeTheirFuture, long Exposed, AucDifference? Leakage);

/// <summary>How much of a gain is leakage, in words.</summary>
public static class Leakage
{
    /// <summary>The laxest protocol under which no test row sees itself or its future; null where there is none.</summary>
    /// <param name="exposed">Exposed test rows by protocol.</param>
    public static KnowledgeProtocol? Reference(IReadOnlyDictionary<KnowledgeProtocol, long> exposed) =>
        exposed.Where(p => p.Value == 0).Select(p => (KnowledgeProtocol?)p.Key).Max();

    public static (string Sentence, IReadOnlyList<string> Detail) Of(IReadOnlyList<ProtocolGain> gains)
    {
        List<string> found = [.. Found(gains)];
        if (gains.Any(g => g.Rederived < g.Prompts))
            found.Add("What rows could see is what snapshots declare of themselves: not every prompt could be written again.");
        return (found[0], found[1..]);
    }

    private static IEnumerable<string> Found(IReadOnlyList<ProtocolGain> gains)
    {
        var exposing = gains.Where(g => g.Exposed > 0).ToList();
        if (exposing.Count == 0)
            return [$"No test row could see itself or its future under {Names(gains)}: none of these gains is leakage."];
        if (Reference(gains.ToDictionary(g => g.Protocol, g => g.Exposed)) is { } reference)
            return exposing.SelectMany(gain => Found(gain, gains.Single(g => g.Protocol == reference)));
        return
        [
            $"Test rows could see themselves or their future under {Names(exposing)}, so that how much of a gain is leakage cannot be told.",
            gains.Any(g => g.Protocol == KnowledgeProtocol.PastOnly)
                ? "The store of past-only breaks its protocol: 'llm4msr audit leak' says where." : "Add a store of another protocol: 'llm4msr reason DATA --protocol past-only' makes one.",
        ];
    }

    private static IEnumerable<string> Found(ProtocolGain gain, ProtocolGain reference)
    {
        var (name, other, leakage) = (gain.Protocol.Spelling(), reference.Protocol.Spelling(), gain.Leakage!);
        yield return leakage.Verdict switch
        {
            Verdict.SecondAhead => FormattableString.Invariant($"Leakage: {name} is ahead of {other} by {leakage.Difference:0.0000} in mean scenario AUC (95 % interval {Numbers.WithSign(leakage.Interval)})."),
            Verdict.Undefined => $"Nothing can be said of what is leakage under {name}: {leakage.Undefined}.",
            _ => $"No leakage is shown: {name} is not ahead of {other} in mean scenario AUC (95 % interval {Numbers.WithSign(leakage.Interval)}).",
        };
        yield return FormattableString.Invariant($"Under {name} {gain.Exposed:N0} of {gain.Rows:N0} test rows could see themselves or their future, under {other} none.");
        if (leakage.Verdict == Verdict.SecondAhead)
        {
            yield return gain.OverNone.Verdict == Verdict.SecondAhead
                ? $"Of its gain of {Numbers.WithSign(gain.OverNone.Difference)} over no knowledge, {other} has {Numbers.WithSign(reference.OverNone.Difference)}."
                : $"Neither makes a gain of it: over no knowledge {name} has {Numbers.WithSign(gain.OverNone.Difference)}, {other} {Numbers.WithSign(reference.OverNone.Difference)}.";
        }
    }

    private static string Names(IReadOnlyList<ProtocolGain> gains) => string.Join(", ", gains.Select(g => g.Protocol.Spelling()));
}
