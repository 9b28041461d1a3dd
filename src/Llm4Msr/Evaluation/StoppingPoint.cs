using MathNet.Numerics.Distributions;

namespace Llm4Msr.Evaluation;

/// <summary>A policy beside the cheaper one that stood when its turn came, on the same rows.</summary>
/// <param name="Policy">Place in the order of cost.</param>
/// <param name="Standing">Place of the cheaper one.</param>
/// <param name="Difference">Policy less standing.</param>
/// <param name="Ahead">By more than chance explains.</param>
/// <param name="Pays">Whether it took its place.</param>
public sealed record PolicyStep(int Policy, int Standing, AucDifference Difference, bool Ahead, bool Pays);

/// <summary>What is shown of the policies.</summary>
public enum Worth
{
    /// <summary>One pays.</summary>
    Pays,

    /// <summary>Each is behind the first by its interval.</summary>
    Behind,

    /// <summary>Each interval of a gain over the first ends below the smallest gain that matters.</summary>
    TooLittle,

    /// <summary>One is ahead of the first by more than chance explains and by less than the smallest gain; one may gain more.</summary>
    Ahead,

    /// <summary>None of these.</summary>
    NotShown,
}

/// <summary>
/// How much knowledge is worth its price, by a rule that is fixed before anybody looks: policies come in the order of cost, and
/// one takes the place of the cheaper one that stands where it is ahead of that one by the smallest gain that matters and by
/// more than chance explains. What stands at the end is recommended; where it is the first, nothing is shown to pay.
/// </summary>
/// <remarks>
/// "More than chance": the difference is more standard errors than the normal quantile of 1 - 0.025 / m, with m policies
/// after the first (Bonferroni). Each of them had a chance to look good, and so of tables without any gain no more than one in
/// forty recommends something. That no policy gains as much as matters is said by the upper ends of all 95 % intervals at once,
/// and so it needs no correction for their number.
/// </remarks>
/// <param name="Recommended">Place in the order of cost.</param>
/// <param name="SmallestGain">In AUC.</param>
public sealed record StoppingPoint(int Recommended, IReadOnlyList<PolicyStep> Steps, double SmallestGain)
{
    public Worth Worth
    {
        get
        {
            if (Recommended > 0)
                return Worth.Pays; // else every policy was compared with the first
            if (Steps.All(s => s.Difference.Verdict == Verdict.FirstAhead))
                return Worth.Behind;
            if (Steps.All(s => s.Difference.RulesOut(SmallestGain)))
                return Worth.TooLittle;
            return BestAhead is null ? Worth.NotShown : Worth.Ahead;
        }
    }

    /// <summary>Of the policies that are ahead by more than chance explains, the one that is furthest; null where none is.</summary>
    public PolicyStep? BestAhead => Steps.Where(s => s.Ahead).MaxBy(s => s.Difference.Difference);

    /// <param name="policies">How many, the first of which costs nothing.</param>
    /// <param name="compare">From the places of a first and a second policy to second less first.</param>
    public static StoppingPoint Of(int policies, Func<int, int, AucDifference> compare, double smallestGain = KnowledgeVerdict.DefaultSmallestGain)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(policies, 2);
        var errors = Normal.InvCDF(0, 1, 1 - (1 - Interval.Confidence) / 2 / (policies - 1));
        List<PolicyStep> steps = [];
        var standing = 0;
        for (var policy = 1; policy < policies; policy++)
        {
            var difference = compare(standing, policy);
            var ahead = difference is { Interval: not null, StandardError: { } error, Difference: { } gain } && gain > errors * error;
            var pays = ahead && difference.Difference >= smallestGain;
            steps.Add(new PolicyStep(policy, standing, difference, ahead, pays));
            if (pays)
                standing = policy;
        }
        return new StoppingPoint(standing, steps, smallestGain);
    }
}
