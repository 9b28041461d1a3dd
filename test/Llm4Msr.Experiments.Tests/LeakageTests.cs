using Llm4Msr.Evaluation;
using Llm4Msr.Knowledge;

namespace Llm4Msr.Experiments.Tests;

public sealed class LeakageTests
{
    [Fact]
    public void TheReferenceIsTheLaxestProtocolThatExposesNoTestRow()
    {
        Assert.Equal(KnowledgeProtocol.TrainPart, Leakage.Reference(Exposed(0, 0, 9)));
        Assert.Equal(KnowledgeProtocol.PastOnly, Leakage.Reference(Exposed(0, 1, 9))); // a train-part store that breaks its rule is no reference
        Assert.Null(Leakage.Reference(Exposed(1, 1, 9)));

        static Dictionary<KnowledgeProtocol, long> Exposed(params long[] rows) => Enum.GetValues<KnowledgeProtocol>().Zip(rows).ToDictionary();
    }

    [Fact]
    public void TheSentenceSaysWhatTheIntervalsAllow()
    {
        var strict = Gain(KnowledgeProtocol.PastOnly, overNone: 0.004, exposed: 0);
        var fair = Gain(KnowledgeProtocol.TrainPart, overNone: 0.013, exposed: 0);

        Assert.Equal("No test row could see itself or its future under past-only, train-part: none of these gains is leakage.", Said([strict, fair]));
        Assert.Equal(
            "Leakage: whole-period is ahead of train-part by 0.0190 in mean scenario AUC (95 % interval +0.0090 to +0.0290). "
            + "Under whole-period 90 of 100 test rows could see themselves or their future, under train-part none. Of its gain of +0.0320 over no knowledge, train-part has +0.0130.",
            Said([strict, fair, Gain(KnowledgeProtocol.WholePeriod, overNone: 0.032, exposed: 90, leakage: 0.019)]));
        Assert.Equal(
            "No leakage is shown: whole-period is not ahead of train-part in mean scenario AUC (95 % interval -0.0050 to +0.0150). "
            + "Under whole-period 90 of 100 test rows could see themselves or their future, under train-part none.",
            Said([strict, fair, Gain(KnowledgeProtocol.WholePeriod, overNone: 0.018, exposed: 90, leakage: 0.005)]));
        Assert.EndsWith(
            "under train-part none. Neither makes a gain of it: over no knowledge whole-period has -0.0020, train-part +0.0130.",
            Said([fair, Gain(KnowledgeProtocol.WholePeriod, overNone: -0.002, exposed: 90, leakage: 0.019)]), StringComparison.Ordinal);
        Assert.Equal(
            "Test rows could see themselves or their future under past-only, whole-period, so that how much of a gain is leakage cannot be told. The store of past-only breaks its protocol: 'llm4msr audit leak' says where.",
            Said([Gain(KnowledgeProtocol.PastOnly, overNone: 0.004, exposed: 1), Gain(KnowledgeProtocol.WholePeriod, overNone: 0.018, exposed: 90)]));
        Assert.Equal(
            "Test rows could see themselves or their future under whole-period, so that how much of a gain is leakage cannot be told. Add a store of another protocol: 'llm4msr reason DATA --protocol past-only' makes one.",
            Said([Gain(KnowledgeProtocol.WholePeriod, overNone: 0.018, exposed: 90)]));
    }

    [Fact]
    public void WhatNoPromptProvesIsSaidToBeDeclared()
    {
        ProtocolGain[] gains = [Gain(KnowledgeProtocol.PastOnly, overNone: 0.004, exposed: 0), Gain(KnowledgeProtocol.TrainPart, overNone: 0.013, exposed: 0) with { Rederived = 11 }];

        Assert.Equal(
            "No test row could see itself or its future under past-only, train-part: none of these gains is leakage. What rows could see is what snapshots declare of themselves: not every prompt could be written again.",
            Said(gains));
    }

    private static string Said(IReadOnlyList<ProtocolGain> gains)
    {
        var (sentence, detail) = Leakage.Of(gains);
        return string.Join(' ', detail.Prepend(sentence));
    }

    private static ProtocolGain Gain(KnowledgeProtocol protocol, double overNone, long exposed, double? leakage = null) => new(
        protocol, 0.7, Difference(overNone), Difference(overNone), 12, 12, 100, 95, exposed, exposed, exposed, leakage is { } by ? Difference(by) : null);

    private static AucDifference Difference(double by) => new("mean", 0.7, 0.7 + by, by, new Interval(by - 0.01, by + 0.01), 0.005, 0.014, null, null);
}
