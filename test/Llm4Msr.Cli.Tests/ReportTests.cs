using System.Text.Json;
using System.Xml.Linq;
using Llm4Msr.Data;
using Llm4Msr.Knowledge;
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

    /// <summary>A folder may hold more models than a result was about: those that an interrupted command added.</summary>
    [Fact]
    public void TheSeedsThatAResultTellsOfAreThoseThatAreScored()
    {
        SmallRuns.Copy(small.EnhancedRun, _scratch["one/runs/cell"]);
        SmallRuns.Copy(small.EnhancedRun, _scratch["old/runs/cell"]);
        var (one, other) = (Value("one/value.json", "[2]"), Value("one/other.json", "[1, 2]"));
        Value("old/value.json", null);

        Assert.Equal([2], Seeds(_scratch["one"]));
        Assert.Equal([2], Seeds(_scratch["one"], _scratch["one/runs/cell"]));
        Assert.Equal([1, 2], Seeds(_scratch["old"])); // by an earlier program, which did not say
        Assert.Equal([1, 2], Seeds(_scratch["one/runs/cell"]));

        File.WriteAllText(_scratch["one/plm.json"], $$"""{ "what": "plm", "paperSays": "", "differs": [], "leftOut": [], "rows": [ { "arm": "real", "baseline": null, "run": "runs/cell", "seeds": [1, 2], "auc": [], "stars": [], "overBaseline": null, "paper": "" } ] }""");
        CommandRun.Of("report", _scratch["one/plm.json"], one, "--out", _scratch["two.html"]).AssertFails(FaultKind.Usage,
            $"Of the run '{_scratch["one/runs/cell"]}' '{_scratch["one/plm.json"]}' tells the seeds 1, 2, and '{one}' 2. Name one of them at a time, or make one again with the --seeds of the other.");
        Value("one/other.json", "[2, 3]");
        CommandRun.Of("report", other, "--out", _scratch["two.html"]).AssertFails(FaultKind.Usage,
            $"'{other}' tells of seeds that the run '{_scratch["one/runs/cell"]}' does not hold: 3. Make it again.");
        Assert.False(File.Exists(_scratch["two.html"]));

        IEnumerable<int> Seeds(params string[] sources) => Report(sources).GetProperty("runs")[0].GetProperty("seeds").EnumerateArray().Select(s => s.GetProperty("seed").GetInt32());
    }

    [Fact]
    public void AConfigurationOfSeedsWithAGapTrainsThoseBeforeItAndTheRestIsSaidBesideIt()
    {
        var run = SmallRuns.Copy(small.EnhancedRun, _scratch["run"]);
        CommandRun.Succeeding([.. small.TrainEnhanced(run, seeds: 1), "--first-seed", "5"]);
        Assert.Equal([1, 2, 5], ModelFolder.Open(run).Seeds);

        var config = Report(run, "--knowledge", small.Store).GetProperty("runs")[0].GetProperty("config");

        Assert.Equal((2, 1), (config.GetProperty("seeds").GetInt32(), config.GetProperty("firstSeed").GetInt32()));
        string[] commands = Sections(_scratch["report.html"])["again"].Descendants("pre").First().Value.Split('\n');
        Assert.Equal([$"llm4msr train {small.Data} --config config.json --out RUN", $"llm4msr train {small.Data} --config config.json --first-seed 5 --seeds 1 --out RUN"], commands);
        File.WriteAllText(_scratch["config.json"], config.GetRawText());
        foreach (var command in commands)
            CommandRun.Succeeding([.. command.Split(' ').Skip(1).Select(word => word switch { "config.json" => _scratch["config.json"], "RUN" => _scratch["again"], _ => word })]);
        var again = ModelFolder.Open(_scratch["again"]);
        Assert.Equal(ModelFolder.Open(run).Seeds.Select(ModelFolder.Open(run).WeightsHash), again.Seeds.Select(again.WeightsHash));
    }

    [Fact]
    public void OfResultsOfOneKindASecondIsRefused()
    {
        var (one, other) = (Value("value.json", null), Value("other.json", null));

        CommandRun.Of("report", small.PlainRun, one, other, "--out", _scratch["page.html"]).AssertFails(FaultKind.Usage,
            $"'{one}' and '{other}' are both of 'value', and a report tells of one. Name one at a time.");
        SmallRuns.Copy(small.EnhancedRun, _scratch["runs/cell"]);
        Report(small.PlainRun, one, one); // which is one
    }

    [Fact]
    public void WhatWasSaidOfOtherKnowledgeIsRefused()
    {
        SmallMovieLens.WriteVectors(_scratch["other.safetensors"], seed: 2);
        Assert.Equal(0, SmallMovieLens.Import(_scratch["other.db"], small.Data, _scratch["other.safetensors"]).Code);
        var (own, others) = (Content(small.Store), Content(_scratch["other.db"]));
        foreach (var (file, command, said) in ((string, string, string)[])[
            ("stats.json", "knowledge stats", CommandRun.Succeeding("knowledge", "stats", _scratch["other.db"], "--json").Output),
            ("audit.json", "audit leak", CommandRun.Succeeding("audit", "leak", small.Data, "--knowledge", _scratch["other.db"], "--json").Output)])
        {
            File.WriteAllText(_scratch[file], said);
            CommandRun.Of("report", small.PlainRun, _scratch[file], "--knowledge", small.Store, "--out", _scratch["page.html"]).AssertFails(
                FaultKind.Usage, $"'{_scratch[file]}' is about other knowledge (content {others}) than '{small.Store}' holds ({own}). Leave it out, or save what 'llm4msr {command}' says of that store.");
        }
        var hash = InteractionDataset.Open(small.Data).Description.InteractionsHash;
        File.WriteAllText(_scratch["stats.json"], CommandRun.Succeeding("knowledge", "stats", small.Store, "--json").Output.Replace(hash, "abc", StringComparison.Ordinal));
        CommandRun.Of("report", small.EnhancedRun, _scratch["stats.json"], "--out", _scratch["page.html"]).AssertFails(FaultKind.Usage,
            $"'{_scratch["stats.json"]}' is about knowledge of other interactions (abc) than those that are reported ({hash}). Leave it out, or name what was said of this data.");
        Assert.False(File.Exists(_scratch["page.html"]));

        static string Content(string store)
        {
            using var open = KnowledgeStore.OpenForReading(store);
            return open.ContentHash;
        }
    }

    [Fact]
    public void PromptsWithCutTitlesAreProvenByTheModelThatWasAskedOrByAnAuditThatNamedIt()
    {
        SmallPrompts.WithCutTitles(_scratch["data"], _scratch["knowledge.db"]);
        CommandRun.Succeeding(["train", _scratch["data"], "--out", _scratch["run"], .. SmallRuns.Small]);
        File.WriteAllText(_scratch["audit.json"], CommandRun.Succeeding("audit", "leak", _scratch["data"], "--knowledge", _scratch["knowledge.db"], "--model", "embedded", "--json").Output);

        Assert.StartsWith("Not proven:", Verdict("--knowledge", _scratch["knowledge.db"]), StringComparison.Ordinal);
        Assert.StartsWith("No leak:", Verdict("--knowledge", _scratch["knowledge.db"], "--model", "embedded"), StringComparison.Ordinal);
        Assert.StartsWith("No leak:", Verdict(_scratch["audit.json"], "--knowledge", _scratch["knowledge.db"]), StringComparison.Ordinal);
        CommandRun.Of("report", _scratch["run"], "--model", "embedded", "--out", _scratch["page.html"]).AssertFails(
            FaultKind.Usage, "--model writes the prompts of a store again, which needs --knowledge. Name the store.");

        string Verdict(params string[] sources)
        {
            Report([_scratch["run"], .. sources]);
            return Sections(_scratch["report.html"])["audit"].Elements("p").First().Value;
        }
    }

    /// <summary>A policy hides knowledge that the store holds, and a row that is shown nothing sees no leak.</summary>
    [Fact]
    public void ARunOfSomeUsersIsNoLeak()
    {
        CommandRun.Succeeding([.. small.TrainEnhanced(_scratch["part"], seeds: 1), "--set", "activeUsers=50"]);

        Report(_scratch["part"], "--knowledge", small.Store);

        Assert.StartsWith("No leak", Sections(_scratch["report.html"])["audit"].Elements("p").First().Value, StringComparison.Ordinal);
    }

    /// <param name="seeds">As JSON; null for a file of an earlier program.</param>
    private string Value(string name, string? seeds)
    {
        var trial = seeds is null ? "" : $", \"seeds\": {seeds}";
        File.WriteAllText(_scratch[name], $$"""{ "sentence": "Stop.", "policies": [ { "policy": "real", "users": 4, "hours": null, "auc": 0.6, "gain": null, "low": null, "high": null, "run": "runs/cell", "trials": [ { "name": "cell"{{trial}} } ] } ] }""");
        return _scratch[name];
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
