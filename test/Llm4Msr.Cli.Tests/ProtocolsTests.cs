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
}
