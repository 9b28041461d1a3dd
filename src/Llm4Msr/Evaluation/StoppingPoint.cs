using MathNet.Numerics.Distributions;

namespace Llm4Msr.Evaluation;

/// <summary>A policy beside the cheaper one that stood when its turn came, on the same rows.</summary>
/// <param name="Policy">Place in the order of cost.</param>
/// <param name="Standing">Place of the cheaper one.</param>
/// <param name="Difference">Policy less standing.</param>
/// <param name="Pays">Whether it took its place.</param>
public sealed record PolicyStep(int Policy, int Standing, AucDifference Difference, bool Pays);

/// <summary>
/// How much knowledge is worth its price, by a rule that is fixed before anybody looks: policies come in the order of cost, and
/// one takes the place of the cheaper one that stands where it is ahead of that one by the smallest gain that matters and by
/// more than chance explains. What stands at the end is recommended; where it is the first, nothing is shown to pay.
/// </summary>
/// <remarks>
/// "More than chance": the difference is more standard errors than the normal quantile of 1 - 0.025 / m, with m policies
/// after the first (Bonferroni). Each of them had a chance to look good, and so of tables without any gain no more than one in
/// forty recommends something.
/// </remarks>
/// <param name="Recommended">Place in the order of cost.</param>
/// <param name="SmallestGain">In AUC.</param>
public sealed record StoppingPoint(int Recommended, IReadOnlyList<PolicyStep> Steps, double SmallestGain)
{
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
            var pays = difference is { Interval: not null, StandardError: { } error, Difference: { } ahead } && ahead >= smallestGain && ahead > errors * error;
            steps.Add(new PolicyStep(policy, standing, difference, pays));
            if (pays)
                standing = policy;
        }
        return new StoppingPoint(standing, steps, smallestGain);
    }
}
