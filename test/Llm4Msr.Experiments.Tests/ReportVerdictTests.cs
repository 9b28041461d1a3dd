using Llm4Msr.Data;
using Llm4Msr.Evaluation;

namespace Llm4Msr.Experiments.Tests;

public sealed class ReportVerdictTests
{
    private const string OneSeed = "These models have one seed: that other seeds would say the same is not shown ('--seeds 5' trains more).";

    private static readonly ReportInputs s_runsAlone = new([], null!, "data", Part.Test, "report");

    private static readonly ControlsResult s_controls = new(KnowledgeGain.Yes, "It helps.", 0.005, []);

    private static readonly ValueResult s_value = new("Stop here.", []);

    [Fact]
    public void WhatACommandFoundIsSaidInItsWordsThatOfControlsFirst()
    {
        AssertSays("It helps.", [], s_runsAlone with { Controls = s_controls });
        AssertSays("Stop here.", [], s_runsAlone with { Value = s_value });
        AssertSays("It helps.", ["Stop here."], s_runsAlone with { Controls = s_controls, Value = s_value });
    }

    [Fact]
    public void OneSeedIsSaidBesideIt()
    {
        var runs = SampleReport.Figures().Runs.Select(run => run with { Seeds = [run.Seeds[0]] }).ToList();

        Assert.Equal(["Stop here.", OneSeed], ReportVerdict.Of(s_runsAlone with { Controls = s_controls, Value = s_value }, runs, null, []).Detail);
    }

    private static void AssertSays(string sentence, string[] detail, ReportInputs inputs)
    {
        var said = ReportVerdict.Of(inputs, SampleReport.Figures().Runs, null, []);
        Assert.Equal(sentence, said.Sentence);
        Assert.Equal(detail, said.Detail);
    }
}
