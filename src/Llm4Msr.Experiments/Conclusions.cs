using Llm4Msr.Evaluation;

namespace Llm4Msr.Experiments;

/// <summary>Verdicts in a sentence.</summary>
public static class Conclusions
{
    public static string Sentence(KnowledgeVerdict verdict) => verdict.Gain switch
    {
        KnowledgeGain.Yes => $"Knowledge helps beyond capacity: yes. Real knowledge is ahead of {string.Join(", ", verdict.Deciding)}.",
        KnowledgeGain.No => $"Knowledge helps beyond capacity: no. Real knowledge is not ahead of {string.Join(", ", verdict.Deciding)} by a gain that matters.",
        _ => $"Knowledge helps beyond capacity: not shown. Real knowledge is not surely ahead of {string.Join(", ", verdict.Deciding)}, and a gain that matters is not ruled out.",
    };

    /// <param name="mean">The second less the first, mean over the scenarios.</param>
    public static string Sentence(AucDifference mean, string first, string second) => mean.Verdict switch
    {
        Verdict.FirstAhead => Ahead(first, second, -mean.Difference!.Value, new Interval(-mean.Interval!.High, -mean.Interval.Low)),
        Verdict.SecondAhead => Ahead(second, first, mean.Difference!.Value, mean.Interval!),
        Verdict.NotShown when mean.StandardError == 0 => "No difference: both order these rows alike.",
        Verdict.NotShown => FormattableString.Invariant(
            $"No difference shown in mean scenario AUC (95 % interval {Numbers.WithSign(mean.Interval)}); a difference of {mean.SmallestDetectable:0.0000} would have been detected 4 times of 5."),
        _ => $"Nothing can be said about the mean scenario AUC: {mean.Undefined}.",
    };

    /// <summary>The verdict on a difference in two words.</summary>
    public static string Word(Verdict verdict, string first, string second) => verdict switch
    {
        Verdict.FirstAhead => first,
        Verdict.SecondAhead => second,
        Verdict.NotShown => "not shown",
        _ => "undefined",
    };

    private static string Ahead(string one, string other, double by, Interval interval) =>
        FormattableString.Invariant($"{one} is ahead of {other} by {by:0.0000} in mean scenario AUC (95 % interval {Numbers.WithSign(interval)}).");
}
