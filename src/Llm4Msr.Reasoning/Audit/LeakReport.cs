using Llm4Msr.Data;
using Llm4Msr.Knowledge;

namespace Llm4Msr.Reasoning.Audit;

public enum LeakVerdict
{
    /// <summary>Every prompt was written again, and all keep to the rule.</summary>
    NoLeak,

    /// <summary>There are no prompts (an import), and what the snapshots say about themselves keeps to the rule.</summary>
    NoLeakAsDeclared,

    /// <summary>Nothing was found, but some prompts could not be written again.</summary>
    NotProven,

    Leak,
}

/// <summary>How many stored prompts were checked.</summary>
/// <param name="Rederived">Written again with the same hash.</param>
/// <param name="OtherRows">Written again, but from other rows than those before the snapshot's rank.</param>
/// <param name="NotRederived">Neither: other words, or another history.</param>
public sealed record PromptCounts(int Rederived, int OtherRows, int NotRederived)
{
    public int Total => Rederived + OtherRows + NotRederived;
}

/// <summary>Latest ranks of users' prompts.</summary>
/// <param name="Used">The latest of all that stand in a prompt.</param>
/// <param name="AllowedThere">The latest that might have stood in that prompt.</param>
/// <param name="SmallestMargin">The least that a prompt's latest rank lies below the latest allowed; negative for a leak.</param>
public sealed record LatestRanks(int Used, int AllowedThere, int SmallestMargin);

/// <summary>What the rows of a part see.</summary>
/// <param name="WithKnowledge">Rows that see a user's snapshot.</param>
/// <param name="SeeThemselves">Rows that stand in what they see.</param>
/// <param name="SeeTheirFuture">Rows that see a later row of their user.</param>
/// <param name="Affected">One or the other.</param>
/// <param name="IsForbidden">Whether the protocol forbids it for this part.</param>
public sealed record PartExposure(Part Part, int Rows, int WithKnowledge, int SeeThemselves, int SeeTheirFuture, int Affected, bool IsForbidden);

/// <param name="Rank">The row that should not be there; -1 where it is not one row.</param>
public sealed record LeakFinding(string Key, long AsOfRank, int Rank, string Sentence);

/// <summary>What <see cref="LeakAudit"/> found.</summary>
/// <param name="HasPrompts">False for vectors that were made elsewhere: then a snapshot's own rank is believed.</param>
/// <param name="ScenariosOfOtherSplits">Scenario prompts about the training part of another split, which these data cannot give.</param>
/// <param name="Snapshots">Snapshots of users.</param>
/// <param name="Latest">Null where no prompt holds a row.</param>
/// <param name="Findings">The first of them.</param>
/// <param name="FindingCount">All of them.</param>
/// <param name="InteractionsHash">Of the data that the store was made from; null where an earlier program did not say.</param>
/// <param name="ContentHash">Of the store that was checked; null likewise.</param>
public sealed record LeakReport(
    KnowledgeProtocol Protocol,
    bool HasPrompts,
    bool IsTemplateKnown,
    PromptCounts Users,
    PromptCounts Scenarios,
    int ScenariosOfOtherSplits,
    int Snapshots,
    LatestRanks? Latest,
    IReadOnlyList<PartExposure> Parts,
    IReadOnlyList<LeakFinding> Findings,
    int FindingCount,
    string? InteractionsHash = null,
    string? ContentHash = null)
{
    /// <summary>Share of the test part's rows that see themselves or their future.</summary>
    public double ShareOfTestRows => Parts.Where(p => p.Part == Part.Test && p.Rows > 0).Select(p => p.Affected / (double)p.Rows).FirstOrDefault();

    public LeakVerdict Verdict =>
        FindingCount > 0 || Parts.Any(p => p.IsForbidden && p.Affected > 0) ? LeakVerdict.Leak
        : !HasPrompts ? LeakVerdict.NoLeakAsDeclared
        : Users.NotRederived + Users.OtherRows + Scenarios.NotRederived > 0 ? LeakVerdict.NotProven
        : LeakVerdict.NoLeak;
}
