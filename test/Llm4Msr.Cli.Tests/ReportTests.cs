using System.Text.Json;
using System.Xml.Linq;
using Llm4Msr.Data;
using Llm4Msr.Models;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Cli.Tests;

/// <summary>What <c>report</c> writes: figures that other commands give too, and a page that anybody may open.</summary>
public sealed class ReportTests(SmallRuns small) : IDisposable
{
    internal static readonly string[] s_sections =
    [
        "table2", "scenarios", "activity", "calibration", "learning", "alpha", "figure4", "value", "case", "audit", "leakage", "data", "quality", "cost", "paper", "again",
    ];

    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void ItsFiguresAreWhatEvaluateAndCompareSayOfTheSameRuns()
    {
        var report = Report(small.PlainRun, small.EnhancedRun);

        var runs = report.GetProperty("runs").EnumerateArray().ToList();
        foreach (var (run, folder) in runs.Zip([small.PlainRun, small.EnhancedRun]))
        {
            var evaluated = CommandRun.Succeeding("evaluate", folder, "--intervals", "--json").Json;
            AssertSame(evaluated.GetProperty("intervals"), run.GetProperty("intervals"));
            AssertSame(evaluated.GetProperty("seeds")[0].GetProperty("metrics"), run.GetProperty("seeds")[0].GetProperty("metrics"));
        }
        var compared = CommandRun.Succeeding("compare", small.PlainRun, small.EnhancedRun, "--json").Json;
        AssertSame(compared.GetProperty("scenarios"), runs[1].GetProperty("overBaseline").GetProperty("scenarios"));
        AssertSame(compared.GetProperty("mean"), runs[1].GetProperty("overBaseline").GetProperty("mean"));
        Assert.Equal(JsonValueKind.Null, runs[0].GetProperty("overBaseline").ValueKind);
        Assert.Equal(1 + 2 * (SmallMovieLens.Scenarios.Length + 1), File.ReadAllLines(_scratch["report.csv"]).Length);
    }

    [Fact]
    public void AlphaIsFollowedToTheWeightsThatWereKept()
    {
        foreach (var seed in Report(small.EnhancedRun).GetProperty("runs")[0].GetProperty("seeds").EnumerateArray())
        {
            var best = seed.GetProperty("epochs").EnumerateArray().Last(e => e.GetProperty("isBest").GetBoolean());
            AssertSame(seed.GetProperty("shares"), best.GetProperty("shares"));
            Assert.NotEqual(0.5, best.GetProperty("shares")[0].GetProperty("scenario").GetDouble());
        }
    }

    [Fact]
    public void TheConfigurationInItTrainsTheSameWeightsAgain()
    {
        var run = Report(small.EnhancedRun, "--knowledge", small.Store).GetProperty("runs")[0];
        File.WriteAllText(_scratch["config.json"], run.GetProperty("config").GetRawText());

        CommandRun.Succeeding("train", small.Data, "--config", _scratch["config.json"], "--out", _scratch["again"]);

        Assert.Equal(run.GetProperty("seeds").EnumerateArray().Select(s => s.GetProperty("weights").GetString()), ModelFolder.Open(_scratch["again"]).Seeds.Select(ModelFolder.Open(_scratch["again"]).WeightsHash));
    }

    [Fact]
    public void ASectionWithoutDataNamesTheCommandThatMakesThemAndHoldsNoPlot()
    {
        Report(small.PlainRun);
        var sections = Sections(_scratch["report.html"]);

        Assert.Equal(s_sections, sections.Keys);
        foreach (var missing in new[] { "activity", "alpha", "figure4", "value", "case", "audit", "leakage", "quality", "paper" })
        {
            Assert.Contains("llm4msr ", sections[missing].Descendants("code").Single().Value, StringComparison.Ordinal);
            Assert.Empty(sections[missing].Descendants("svg"));
        }
        Assert.All(new[] { "scenarios", "calibration", "learning" }, drawn => Assert.All(sections[drawn].Descendants("svg"), svg => Assert.NotEmpty(svg.Attribute("aria-label")!.Value)));
    }

    [Fact]
    public void ARunOfSomeScenariosIsToldOnTheirRowsAlone()
    {
        var names = InteractionDataset.Open(small.Data).Description.Scenarios.Select(s => s.Name).ToList();
        CommandRun.Succeeding([.. small.TrainPlain(_scratch["part"]), "--set", $"scenarios={JsonSerializer.Serialize(names[1..])}"]);

        var run = Report(_scratch["part"]).GetProperty("runs")[0];

        var evaluated = CommandRun.Succeeding("evaluate", _scratch["part"], "--json").Json;
        AssertSame(evaluated.GetProperty("seeds")[0].GetProperty("metrics"), run.GetProperty("seeds")[0].GetProperty("metrics"));
    }

    [Fact]
    public void WhatOtherCommandsWroteAndPrintedIsShown()
    {
        File.WriteAllText(_scratch["value.json"], """{ "sentence": "Stop at 'top 10 %'.", "policies": [ { "policy": "none", "users": 0, "hours": 0, "auc": 0.6, "gain": null, "low": null, "high": null }, { "policy": "top 10 %", "users": 4, "hours": 0.5, "auc": 0.61, "gain": 0.0123, "low": 0.001, "high": 0.02 } ] }""");
        File.WriteAllText(_scratch["audit.json"], CommandRun.Of("audit", "leak", small.Data, "--knowledge", small.Store, "--json").Output);
        File.WriteAllText(_scratch["stats.json"], CommandRun.Succeeding("knowledge", "stats", small.Store, "--json").Output);

        Report(small.EnhancedRun, _scratch["value.json"], _scratch["audit.json"], _scratch["stats.json"]);
        var sections = Sections(_scratch["report.html"]);
        var saved = File.ReadAllText(_scratch["report.html"]);
        Report(small.EnhancedRun, _scratch["value.json"], "--knowledge", small.Store);

        Assert.Contains("Stop at 'top 10 %'.", sections["value"].Value, StringComparison.Ordinal);
        Assert.Contains("+0.0123", sections["value"].Value, StringComparison.Ordinal);
        Assert.Single(sections["value"].Descendants("svg"));
        Assert.Contains("these vectors have no prompts to check", sections["audit"].Value, StringComparison.Ordinal);
        Assert.Equal(sections["quality"].ToString(), Sections(_scratch["report.html"])["quality"].ToString()); // read from the store or from what was printed of it
        Assert.Equal(sections["audit"].ToString(), Sections(_scratch["report.html"])["audit"].ToString());
        Assert.NotEqual(saved, File.ReadAllText(_scratch["report.html"])); // but it says what was typed
    }

    [Fact]
    public void OnlyAReportIsReplacedAndNothingIsWrittenAfterAMistake()
    {
        File.WriteAllText(_scratch["report.json"], "{}");
        CommandRun.Of("report", small.PlainRun, "--out", _scratch["report.html"]).AssertFails(
            FaultKind.Usage, $"'{_scratch["report.json"]}' is there already and is no report of this program, so it is not replaced. Name another file.");
        Assert.Equal("{}", File.ReadAllText(_scratch["report.json"]));
        CommandRun.Of("report", small.PlainRun, "--out", _scratch["page"]).AssertFails(FaultKind.Usage, $"--out is '{_scratch["page"]}', expected a file name that ends in .html.");
        CommandRun.Of("report", _scratch["report.json"], "--out", _scratch["other.html"]).AssertFails(FaultKind.BadInput,
            $"'{_scratch["report.json"]}' is none of the results that a report shows: what 'controls', 'protocols', 'reproduce' and 'value' write into their folders, or what 'audit leak', 'knowledge stats' and 'reason' print with --json.");
        CommandRun.Of("report", _scratch["nowhere"], "--out", _scratch["other.html"]).AssertFails(
            FaultKind.Usage, $"There is no '{_scratch["nowhere"]}'. Name run folders, result folders, or files of results.");
        Assert.Single(Directory.GetFileSystemEntries(_scratch.Root));
    }

    private JsonElement Report(params string[] sources)
    {
        CommandRun.Succeeding(["report", .. sources, "--out", _scratch["report.html"], "--replicates", "1000"]);
        return JsonDocument.Parse(File.ReadAllText(_scratch["report.json"])).RootElement;
    }

    [Fact]
    public void OneTrainingInTwoGridsIsToldApartAndABaselineIsOneThatWasTrainedAlike()
    {
        var (one, two) = (SmallRuns.Copy(small.PlainRun, _scratch["one/runs/same"]), SmallRuns.Copy(small.PlainRun, _scratch["two/runs/same"]));
        CommandRun.Succeeding([.. small.TrainPlain(_scratch["other"]), "--set", "training.weightDecay=0.1"]);

        var runs = Report(_scratch["other"], one, two, small.EnhancedRun).GetProperty("runs").EnumerateArray().ToList();

        Assert.EndsWith("(one/same)", runs[1].GetProperty("name").GetString(), StringComparison.Ordinal);
        Assert.EndsWith("(two/same)", runs[2].GetProperty("name").GetString(), StringComparison.Ordinal);
        Assert.Equal(runs[1].GetProperty("name").GetString(), runs[3].GetProperty("baseline").GetString()); // not the first, whose weight decay is another
    }

    internal static Dictionary<string, XElement> Sections(string page) =>
        XElement.Parse(File.ReadAllText(page)["<!DOCTYPE html>".Length..]).Descendants("section").ToDictionary(s => s.Attribute("id")!.Value);

    private static void AssertSame(JsonElement expected, JsonElement actual) => Assert.True(JsonElement.DeepEquals(expected, actual), $"{expected} is not {actual}");
}
