namespace Llm4Msr.Evaluation;

/// <summary>Whether knowledge helps beyond capacity.</summary>
public enum KnowledgeGain
{
    Yes,
    No,
    NotShown,
}

/// <summary>Real knowledge beside one control, on the same rows.</summary>
/// <param name="Control">Its name.</param>
/// <param name="Difference">Mean over the scenarios; the first is the control, the second is real knowledge.</param>
public sealed record ControlDifference(string Control, AucDifference Difference);

/// <summary>
/// Whether knowledge helps beyond capacity, by a rule that is fixed before anybody looks: yes, where real knowledge is ahead of
/// every control by its interval; no, where it is behind one of them by its interval, or equal to one of them; else it is not shown.
/// </summary>
/// <remarks>
/// "Equal" is an interval that holds zero and ends below the smallest gain that matters: a gain that matters is ruled out. One
/// control that does as well is enough for a no: then something other than knowing the users explains the gain. Since yes asks
/// for all controls at once, it needs no correction for their number.
/// </remarks>
/// <param name="Deciding">The controls that the answer hangs on: all for yes, those that stand in its way otherwise.</param>
/// <param name="SmallestGain">In AUC.</param>
public sealed record KnowledgeVerdict(KnowledgeGain Gain, IReadOnlyList<string> Deciding, double SmallestGain)
{
    /// <summary>Half of a hundredth of AUC: what a gain has to be worth its language model.</summary>
    public const double DefaultSmallestGain = 0.005;

    public static KnowledgeVerdict Of(IReadOnlyList<ControlDifference> controls, double smallestGain = DefaultSmallestGain)
    {
        ArgumentOutOfRangeException.ThrowIfZero(controls.Count);
        var inTheWay = controls.Where(c => c.Difference.Verdict != Verdict.SecondAhead).ToList();
        var asGood = inTheWay.Where(c => IsAsGood(c.Difference, smallestGain)).ToList();
        var (gain, deciding) = inTheWay.Count == 0 ? (KnowledgeGain.Yes, controls)
            : asGood.Count > 0 ? (KnowledgeGain.No, asGood)
            : (KnowledgeGain.NotShown, inTheWay);
        return new KnowledgeVerdict(gain, [.. deciding.Select(c => c.Control)], smallestGain);
    }

    private static bool IsAsGood(AucDifference difference, double smallestGain) => difference.Verdict switch
    {
        Verdict.FirstAhead => true,
        Verdict.NotShown => difference.RulesOut(smallestGain),
        _ => false,
    };
}
