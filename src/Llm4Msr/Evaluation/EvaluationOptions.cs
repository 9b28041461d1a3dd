namespace Llm4Msr.Evaluation;

/// <summary>When a figure is given at all, and how its interval is found.</summary>
public sealed record EvaluationOptions
{
    /// <summary>Clicks, and rows without one, that a scenario needs for an AUC: with fewer, one row alone can move it by more than a fifth.</summary>
    public int MinimumPerClass { get; init; } = 5;

    /// <summary>Users that an interval needs: drawing among fewer says little about users in general.</summary>
    public int MinimumUsers { get; init; } = 10;

    /// <summary>How many times users, and seeds where there are several, are drawn.</summary>
    public int Replicates { get; init; } = 1000;

    /// <summary>Of the draws.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Any number gives the same figures.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;
}
