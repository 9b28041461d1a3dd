using System.Text.Json;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Cli.Tests;

public sealed class DataVerbTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void GeneratedFilesAreThereWithTheirTruthAndTheOptionsThatWereGiven()
    {
        var json = Generate("logs", "--users", "50", "--noise", "0.4", "--negative-transfer", "--cold-start", "0.2", "--popularity-skew", "2", "--shared-part", "0.7", "--seed", "3").Json;

        var options = json.GetProperty("options");
        Assert.Equal((50, 0.4, true, 0.2, 2, 0.7, 3), (options.GetProperty("users").GetInt32(), options.GetProperty("noise").GetDouble(), options.GetProperty("negativeTransfer").GetBoolean(),
            options.GetProperty("coldStart").GetDouble(), options.GetProperty("popularitySkew").GetDouble(), options.GetProperty("sharedPart").GetDouble(), options.GetProperty("seed").GetInt32()));
        Assert.Equal(["recommendation", "search", null], json.GetProperty("best").EnumerateArray().Select(b => b.GetProperty("scenario").GetString()));
        Assert.Equal(
            ["item_features.csv", "manifest.json", "rec_inter.csv", "social_network.csv", "src_inter.csv", "truth/probabilities.safetensors", "truth/truth.json", "truth/vectors.safetensors", "user_features.csv"],
            FolderState.Of(_scratch["logs"]).Keys);
    }

    [Fact]
    public void ARunOnGeneratedDataIsJudgedByTheirTruth()
    {
        Generate("data", "--users", "200", "--format", "prepared", "--split", "global");
        Generate("other", "--users", "40");
        CommandRun.Succeeding("train", _scratch["data"], "--out", _scratch["run"], "--epochs", "2");

        List<JsonElement> Judged(string part) => [.. CommandRun.Succeeding("data", "judge", _scratch["run"], "--part", part, "--json").Json.GetProperty("scenarios").EnumerateArray()];
        IEnumerable<double> Evaluated(string part) => CommandRun.Succeeding("evaluate", _scratch["run"], "--part", part, "--json").Json.GetProperty("seeds")[0].GetProperty("metrics")
            .GetProperty("scenarios").EnumerateArray().Select(m => m.GetProperty("auc").GetDouble());
        var scenarios = Judged("test");

        Assert.Equal(3, scenarios.Count);
        Assert.All(scenarios, s =>
        {
            var (best, reached, share) = (s.GetProperty("best").GetDouble(), s.GetProperty("reached").GetDouble(), s.GetProperty("share").GetDouble());
            Assert.True(best > reached && best > 0.65, $"best {best}, reached {reached}");
            Assert.Equal((reached - 0.5) / (best - 0.5), share, 1e-9);
        });
        Assert.Equal(Evaluated("test"), scenarios.SkipLast(1).Select(s => s.GetProperty("reached").GetDouble()));
        var validated = Judged("validation");
        Assert.Equal(Evaluated("validation"), validated.SkipLast(1).Select(s => s.GetProperty("reached").GetDouble()));
        Assert.NotEqual(scenarios[^1].GetProperty("best").GetDouble(), validated[^1].GetProperty("best").GetDouble());
        CommandRun.Of("data", "judge", _scratch["run"], "--truth", _scratch["other"]).AssertFails(FaultKind.BadInput,
            "The truth is of other data: it knows no user '41'. Name the folder with --truth in which 'llm4msr data generate' wrote these data.");
        CommandRun.Of("data", "judge", _scratch["run"], "--truth", _scratch["run"]).AssertFails(FaultKind.BadInput,
            $"There is no file '{Path.Combine(_scratch["run"], "truth", "truth.json")}'. Name a folder written by 'llm4msr data generate'.");
    }

    [Fact]
    public void ARunOnImportedFilesIsJudgedByTheTruthBesideThem()
    {
        Generate("logs", "--users", "100");
        CommandRun.Succeeding("prepare", "kuaisar", _scratch["logs"], "--out", _scratch["data"], "--split", "global");
        CommandRun.Succeeding(["train", _scratch["data"], "--out", _scratch["run"], .. SmallRuns.Small]);

        CommandRun.Of("data", "judge", _scratch["run"]).AssertFails(FaultKind.BadInput,
            $"There is no file '{Path.Combine(_scratch["data"], "truth", "truth.json")}'. Name a folder written by 'llm4msr data generate'.");
        var scenarios = CommandRun.Succeeding("data", "judge", _scratch["run"], "--truth", _scratch["logs"], "--json").Json.GetProperty("scenarios").EnumerateArray().ToList();

        Assert.Equal(["recommendation", "search", null], scenarios.Select(s => s.GetProperty("scenario").GetString()));
        Assert.All(scenarios, s => Assert.True(s.GetProperty("best").GetDouble() > 0.65 && s.GetProperty("best").GetDouble() > s.GetProperty("reached").GetDouble()));
    }

    [Fact]
    public void WhatContradictsItselfIsRefusedBeforeAnythingIsWritten()
    {
        CommandRun.Of("data", "generate", "--out", _scratch["logs"], "--split", "user").AssertFails(FaultKind.Usage, "--split says how prepared data are split; it goes with --format prepared.");
        CommandRun.Of("data", "generate", "--out", _scratch["logs"], "--users", "0").AssertFails(FaultKind.Usage, "--users is 0, expected 1 or more.");
        CommandRun.Of("data", "generate", "--out", _scratch["logs"], "--noise", "2", "--cold-start", "1").AssertFails(FaultKind.Usage,
            "Noise is 2, expected 0 (none) to 1 (nothing but noise). The share of cold-start users is 1, expected 0 to 0.9.");
        Assert.Empty(FolderState.Of(_scratch.Root));
        Assert.Empty(Directory.GetDirectories(_scratch.Root));
    }

    [Fact]
    public void AFolderIsReplacedOnlyOnRequestAndOnlyByItsOwnKind()
    {
        Generate("logs", "--users", "20");
        var before = FolderState.Of(_scratch["logs"]);

        CommandRun.Of("data", "generate", "--out", _scratch["logs"]).AssertFails(FaultKind.Usage, $"'{_scratch["logs"]}' is there already. Name another folder, or say --overwrite to replace it.");
        CommandRun.Of("data", "generate", "--out", _scratch["logs"], "--format", "prepared", "--overwrite")
            .AssertFails(FaultKind.Usage, $"'{_scratch["logs"]}' was not written by this command, so it is not replaced. Name another folder.");
        Assert.Equal(before, FolderState.Of(_scratch["logs"]));

        Generate("logs", "--users", "30", "--overwrite");
        Assert.NotEqual(before, FolderState.Of(_scratch["logs"]));
        Assert.Single(Directory.GetDirectories(_scratch.Root));
    }

    [Fact]
    public void WhoStopsItFindsNothingHalfDone()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();

        var run = CommandRun.Of(stop.Token, "data", "generate", "--out", _scratch["logs"]);

        Assert.Equal(CommandLine.Cancelled, run.Code);
        Assert.Empty(Directory.GetDirectories(_scratch.Root));
    }

    private CommandRun Generate(string name, params string[] options) => CommandRun.Succeeding(["data", "generate", "--out", _scratch[name], "--json", .. options]);
}
