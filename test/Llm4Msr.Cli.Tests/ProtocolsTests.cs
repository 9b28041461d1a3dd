using System.Text.Json;
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
        string[] command = ["protocols", planted.Data, "--knowledge", planted.WholePeriod, planted.Noise, "--out", _scratch["planted"], "--json", .. PlantedStores.Trials];

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
        Assert.Equal(Auc(lax) - told.GetProperty("arms")[0].GetProperty("auc").GetDouble(), lax.GetProperty("overNone").GetProperty("difference").GetDouble(), 1e-12);
        Assert.True(lax.GetProperty("overShuffled").GetProperty("difference").GetDouble() > 0.02);
        Assert.StartsWith("Leakage: whole-period is ahead of past-only by ", told.GetProperty("sentence").GetString(), StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, told.GetProperty("differences").ValueKind);

        Assert.Equal(5, Directory.GetDirectories(_scratch["planted/runs"]).Length);
        Assert.All(told.GetProperty("arms").EnumerateArray(), arm => Assert.Equal([1], arm.GetProperty("trials")[0].GetProperty("seeds").EnumerateArray().Select(s => s.GetInt32())));
        var state = FolderState.Of(_scratch["planted"]);
        Assert.Equal(told.GetRawText(), CommandRun.Succeeding(command).Json.GetRawText());
        Assert.Equal(state, FolderState.Of(_scratch["planted"])); // nothing is trained again

        Assert.Equal(0, lax.GetProperty("rederived").GetInt64()); // these vectors have no prompts
        Assert.EndsWith("not every prompt could be written again.", told.GetProperty("detail").EnumerateArray().Last().GetString(), StringComparison.Ordinal);

        var report = CommandRun.Succeeding("report", _scratch["planted"], "--out", _scratch["report.html"], "--json").Json;
        Assert.Equal(told.GetProperty("sentence").GetString(), report.GetProperty("verdict").GetString());
        Assert.Equal(["none", "past-only", "past-only, shuffled", "whole-period", "whole-period, shuffled"], report.GetProperty("runs").EnumerateArray().Select(r => r.GetString()));
        var figures = JsonDocument.Parse(File.ReadAllText(_scratch["report.json"])).RootElement;
        Assert.Equal("past-only", figures.GetProperty("real").GetString()); // not the one that saw the test rows, though it is ahead
        Assert.Contains(figures.GetProperty("verdictDetail").EnumerateArray(), d => d.GetString()!.StartsWith("whole-period reads knowledge of the whole period", StringComparison.Ordinal));
        var section = ReportTests.Sections(_scratch["report.html"])["leakage"];
        Assert.Contains(told.GetProperty("sentence").GetString()!, section.Value, StringComparison.Ordinal);
        Assert.Equal(2, section.Descendants("tbody").Single().Elements("tr").Count());

        static double Auc(JsonElement protocol) => protocol.GetProperty("auc").GetDouble();
    }

    /// <summary>Prompts that were really asked: what stands in them is read, and the state that is asked for is every arm's.</summary>
    [Fact]
    public void PromptsThatTheDataGiveAgainAreProofOfWhatRowsSaw()
    {
        CommandRun.Succeeding("data", "generate", "--out", _scratch["data"], "--format", "prepared", "--users", "40");
        foreach (var protocol in new[] { "past-only", "whole-period" })
            CommandRun.Succeeding("reason", _scratch["data"], "--model", "embedded", "--history", "2", "--max-new-tokens", "4", "--protocol", protocol, "--out", _scratch[$"{protocol}.db"]);

        var told = CommandRun.Succeeding(
            ["protocols", _scratch["data"], "--knowledge", _scratch["past-only.db"], _scratch["whole-period.db"], "--state", "last_prompt_token", "--out", _scratch["out"], "--json", .. SmallRuns.SmallFusedTrials]).Json;

        var (strict, lax) = (told.GetProperty("protocols")[0], told.GetProperty("protocols")[1]);
        Assert.All(new[] { strict, lax }, p => Assert.Equal(p.GetProperty("prompts").GetInt64(), p.GetProperty("rederived").GetInt64()));
        Assert.True(strict.GetProperty("prompts").GetInt64() > 40);
        Assert.Equal(0, strict.GetProperty("exposed").GetInt64());
        Assert.InRange(lax.GetProperty("seeThemselves").GetInt64(), 1, lax.GetProperty("withKnowledge").GetInt64() - 1); // two items of a scenario stand in a prompt, not all
        Assert.All(told.GetProperty("detail").EnumerateArray(), d => Assert.DoesNotContain("declare", d.GetString(), StringComparison.Ordinal));
        CommandRun.Of("protocols", _scratch["data"], "--knowledge", _scratch["past-only.db"], _scratch["whole-period.db"], "--set", "keepRowsWithoutKnowledge=false", "--out", _scratch["other"]).AssertFails(FaultKind.Usage,
            "keepRowsWithoutKnowledge is false, and so each protocol would be trained on the rows that see its own snapshots. Leave it out: protocols are compared on the same rows.");
        CommandRun.Of("protocols", _scratch["data"], "--knowledge", _scratch["past-only.db"], _scratch["whole-period.db"], "--vary", "knowledge=a,b", "--out", _scratch["other"]).AssertFails(FaultKind.Usage,
            "knowledge is varied, and it is what arms differ in: all would get the same values. Leave it out of --vary.");
        Assert.False(Directory.Exists(_scratch["other"]));
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
}
