using System.Text.Json;
using Llm4Msr.Evaluation;
using Llm4Msr.Experiments;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Cli.Tests;

public sealed class ProtocolsTests(SmallRuns small) : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void WhatAStoreThatSeesTheTestRowsIsAheadOfOneThatDoesNotIsCalledLeakage()
    {
        using var planted = new PlantedStores(users: 500);
        string[] command =
        [
            "protocols", planted.Data, "--knowledge", planted.WholePeriod, planted.Noise, "--backbone", "shared-bottom", "--out", _scratch["planted"], "--jobs", "2", "--json",
            "--set", "training.epochs=6", "--set", "training.learningRate=0.003", "--set", "training.generatorLearningRate=0.002", "--set", "model.fusion.components=8",
        ];

        var told = CommandRun.Succeeding(command).Json;

        var protocols = told.GetProperty("protocols").EnumerateArray().ToList();
        Assert.Equal(["past-only", "whole-period"], protocols.Select(p => p.GetProperty("protocol").GetString())); // the strictest first, however they were named
        var (strict, lax) = (protocols[0], protocols[1]);
        Assert.Equal(0, strict.GetProperty("exposed").GetInt64());
        Assert.Equal(JsonValueKind.Null, strict.GetProperty("leakage").ValueKind);
        Assert.Equal(lax.GetProperty("rows").GetInt64(), lax.GetProperty("exposed").GetInt64());
        Assert.Equal(lax.GetProperty("rows").GetInt64(), lax.GetProperty("seeThemselves").GetInt64());
        Assert.InRange(lax.GetProperty("seeTheirFuture").GetInt64(), 1, lax.GetProperty("rows").GetInt64() - 1); // not the last row of a user
        Assert.Equal(Auc(lax) - Auc(strict), lax.GetProperty("leakage").GetProperty("difference").GetDouble(), 1e-12);
        Assert.Equal(Auc(lax) - told.GetProperty("none").GetProperty("auc").GetDouble(), lax.GetProperty("overNone").GetProperty("difference").GetDouble(), 1e-12);
        Assert.True(lax.GetProperty("overShuffled").GetProperty("difference").GetDouble() > 0.02);
        Assert.StartsWith("Leakage: under whole-period ", told.GetProperty("sentence").GetString(), StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, told.GetProperty("differences").ValueKind);

        Assert.Equal(5, Directory.GetDirectories(_scratch["planted/runs"]).Length);
        var state = FolderState.Of(_scratch["planted"]);
        Assert.Equal(told.GetRawText(), CommandRun.Succeeding(command).Json.GetRawText());
        Assert.Equal(state, FolderState.Of(_scratch["planted"])); // nothing is trained again

        CommandRun.Succeeding("report", _scratch["planted"], "--out", _scratch["report.html"]);
        var section = ReportTests.Sections(_scratch["report.html"])["leakage"];
        Assert.Contains(told.GetProperty("sentence").GetString()!, section.Value, StringComparison.Ordinal);
        Assert.Equal(2, section.Descendants("tbody").Single().Elements("tr").Count());

        static double Auc(JsonElement protocol) => protocol.GetProperty("auc").GetDouble();
    }

    [Fact]
    public void OneStoreOrTwoOfOneProtocolAreRefusedBeforeAnythingIsTrained()
    {
        File.Copy(small.Store, _scratch["copy.db"]);

        CommandRun.Of("protocols", small.Data, "--knowledge", small.Store, "--out", _scratch["out"]).AssertFails(FaultKind.Usage,
            "--knowledge names one store, expected one for each protocol that is compared: two or three. 'llm4msr reason DATA --protocol whole-period' makes another.");
        CommandRun.Of("protocols", small.Data, "--knowledge", small.Store, _scratch["copy.db"], "--out", _scratch["out"]).AssertFails(FaultKind.Usage,
            $"'{small.Store}' and '{_scratch["copy.db"]}' are both of the protocol train-part. Name one store for each protocol.");
        Assert.False(Directory.Exists(_scratch["out"]));
    }

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

        Assert.Equal("No test row could see itself or its future under past-only, train-part: none of these gains is leakage.", Leakage.Sentence([strict, fair]));
        Assert.Equal(
            "Leakage: under whole-period 90 of 100 test rows could see themselves or their future, and it is ahead of train-part by 0.0190 in mean scenario AUC (95 % interval +0.0090 to +0.0290). "
            + "Of its gain of +0.0320 over no knowledge, train-part has +0.0130.",
            Leakage.Sentence([strict, fair, Gain(KnowledgeProtocol.WholePeriod, overNone: 0.032, exposed: 90, leakage: 0.019)]));
        Assert.Equal(
            "No leakage is shown: under whole-period 90 of 100 test rows could see themselves or their future, and it is not ahead of train-part (95 % interval -0.0050 to +0.0150).",
            Leakage.Sentence([strict, fair, Gain(KnowledgeProtocol.WholePeriod, overNone: 0.018, exposed: 90, leakage: 0.005)]));
        Assert.Equal(
            "Test rows could see themselves or their future under whole-period, so that how much of a gain is leakage cannot be told. Add a store of another protocol: 'llm4msr reason DATA --protocol past-only' makes one.",
            Leakage.Sentence([Gain(KnowledgeProtocol.WholePeriod, overNone: 0.018, exposed: 90)]));
    }

    private static ProtocolGain Gain(KnowledgeProtocol protocol, double overNone, long exposed, double? leakage = null) => new(
        protocol, "run", 0.7, Difference(overNone), Difference(overNone), 100, 95, exposed, exposed, exposed, leakage is { } by ? Difference(by) : null);

    private static AucDifference Difference(double by) => new("mean", 0.7, 0.7 + by, by, new Interval(by - 0.01, by + 0.01), 0.005, 0.014, null, null);
}
