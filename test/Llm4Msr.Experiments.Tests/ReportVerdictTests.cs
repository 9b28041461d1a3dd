using Llm4Msr.Data;
using Llm4Msr.Evaluation;
using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Testing;

namespace Llm4Msr.Experiments.Tests;

public sealed class ReportVerdictTests : IDisposable
{
    private const double Good = SampleRuns.Good, Poor = SampleRuns.Poor;

    private const string OneSeed = "These models have one seed: that other seeds would say the same is not shown ('--seeds 5' trains more).";

    private static readonly ReportInputs s_runsAlone = new([], null!, "data", Part.Test, "report");

    private static readonly ControlsResult s_controls = new(KnowledgeGain.Yes, "It helps.", 0.005, []);

    private static readonly ValueResult s_value = new("Stop here.", []);

    private readonly ScratchFolder _scratch = new();

    private readonly SampleRuns _sample;

    public ReportVerdictTests() => _sample = new SampleRuns(_scratch);

    public void Dispose() => _scratch.Dispose();

    /// <summary>Ahead of no knowledge is what capacity alone would be, too.</summary>
    [Fact]
    public void RealKnowledgeThatIsAheadOfNoneAloneIsNotSaidToHelp()
    {
        var (sentence, detail) = SampleRuns.Verdict(_sample.Plain(Poor), _sample.Fused("real", Good));

        Assert.Equal("Real knowledge is ahead of none. Whether it helps beyond capacity is open: it was not compared with shuffled, constant, random, which could do as well.", sentence);
        Assert.Equal(
            ["Of shuffled, constant, random there is no run made like real: 'llm4msr controls DATA --knowledge KNOWLEDGE.db --out controls' trains every control, the same number of trials each."], detail);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void AYesNeedsEveryDecidingControl(int without)
    {
        List<ReportedRun> controls = [_sample.Plain(Poor), .. new[] { KnowledgeArm.Shuffled, KnowledgeArm.Constant, KnowledgeArm.Random }.Select(arm => _sample.Control(arm, Poor))];
        var missing = without < 0 ? null : controls[without].Name;
        controls.RemoveAll(run => run.Name == missing);

        var (sentence, detail) = SampleRuns.Verdict([.. controls, _sample.Fused("real", Good)]);

        Assert.Equal(missing is null
            ? "Knowledge helps beyond capacity: yes. Real knowledge is ahead of none, shuffled, constant, random."
            : $"Real knowledge is ahead of {string.Join(", ", controls.Select(c => c.Name))}. Whether it helps beyond capacity is open: it was not compared with {missing}, which could do as well.", sentence);
        Assert.Equal(missing is null ? 0 : 1, detail.Count);
    }

    [Fact]
    public void OneControlThatDoesAsWellIsEnoughForANo()
    {
        var (sentence, detail) = SampleRuns.Verdict(_sample.Plain(2 * Poor), _sample.Control(KnowledgeArm.Constant, Good), _sample.Fused("real", Poor));

        Assert.Equal("Knowledge helps beyond capacity: no. Real knowledge is not ahead of constant by a gain that matters.", sentence);
        Assert.StartsWith("Of shuffled, random there is no run made like real:", Assert.Single(detail), StringComparison.Ordinal);
    }

    /// <summary>As in the folder of figure 3: levels alone come before the full model, and random vectors stand on both levels.</summary>
    [Fact]
    public void RealKnowledgeIsTheRunThatIsMadeLikeTheControls()
    {
        ReportedRun[] runs =
        [
            _sample.Plain(Poor), _sample.Fused("user-bottom", Poor, new FusionOptions { ScenarioLevel = FusionPlacement.None }), _sample.Fused("full", Good), _sample.Control(KnowledgeArm.Random, Poor),
        ];

        var (sentence, detail) = SampleRuns.Verdict(runs);

        Assert.Equal("full", ReportVerdict.Sides(runs).Real!.Name);
        Assert.Equal("Real knowledge is ahead of none, random. Whether it helps beyond capacity is open: it was not compared with shuffled, constant, which could do as well.", sentence);
        Assert.Equal("Real knowledge is that of full here: several runs have some.", detail[1]);

        var deep = new FusionOptions { Layers = 3 }; // the default is not, where nobody compares it
        Assert.Equal("deep", ReportVerdict.Sides([_sample.Plain(Poor), _sample.Fused("full", Good), _sample.Fused("deep", Good, deep), _sample.Control(KnowledgeArm.Shuffled, Poor, deep)]).Real!.Name);
    }

    [Fact]
    public void WithoutOtherControlsItIsAWholeModelOfTheDefaultDepth()
    {
        var (none, whole) = (_sample.Plain(Poor), _sample.Fused("all users", Good));
        var part = _sample.Fused("scenario level only", Good, new FusionOptions { UserLevel = FusionPlacement.None, Components = null });

        Assert.Equal("all users", ReportVerdict.Sides([none, part, _sample.Fused("top 10 %", Good, activeUsers: 10), whole]).Real!.Name);
        Assert.Equal("K = 2", ReportVerdict.Sides([none, .. new[] { 1, 2, 3 }.Select(k => _sample.Fused($"K = {k}", Good, new FusionOptions { Layers = k }))]).Real!.Name);
    }

    [Fact]
    public void AControlOfAnotherModelIsNone()
    {
        var (sentence, _) = SampleRuns.Verdict(_sample.Plain(Poor), _sample.Fused("real", Good), _sample.Control(KnowledgeArm.Shuffled, Good, new FusionOptions { Layers = 1 }));

        Assert.EndsWith("was not compared with shuffled, constant, random, which could do as well.", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void SeedsAreToldInRangesWithoutAGap() =>
        Assert.Equal([new(1, 2), new(6, 2), new(9, 1)], SeedRange.Of([2, 1, 6, 7, 9, 7]));

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
