using System.Text.Json;
using Llm4Msr.Cli.Configuration;
using Llm4Msr.Cli.Grids;
using Llm4Msr.Data;
using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Cli.Tests;

public sealed class ReproduceTests(SmallRuns small) : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void TheSecondTableIsSixBackbonesTimesFourWithTheirOwnBackboneAsBaseline()
    {
        var cells = Cells(Reproduced.Table2, out var plan);

        Assert.Equal(24, cells.Count);
        Assert.Equal(24, cells.Select(c => (c.Config.Model.Backbone, c.Config.Model.Enhancement)).Distinct().Count());
        Assert.All(plan.Arms.Zip(cells), row => Assert.Equal(
            row.Second.Config.Model.Enhancement == EnhancementKind.None ? null : Spelling.Of(row.Second.Config.Model.Backbone), row.First.Baseline));
        Assert.Equal("+0.0071 +0.0042 +0.1309", plan.Arms.Single(a => a.Arm.Name == "star + llm4msr").Paper);
    }

    [Fact]
    public void TheThirdFigureIsEveryPlaceOfALevelTheFullModelAndRandomVectors()
    {
        var cells = Cells(Reproduced.Figure3, out _);

        Assert.Equal(
            [
                (FusionPlacement.Bottom, FusionPlacement.None), (FusionPlacement.Parallel, FusionPlacement.None), (FusionPlacement.None, FusionPlacement.Bottom),
                (FusionPlacement.None, FusionPlacement.Parallel), (FusionPlacement.Bottom, FusionPlacement.Parallel), (FusionPlacement.Bottom, FusionPlacement.Parallel),
            ],
            cells.Skip(1).Select(c => (c.Config.Model.Fusion!.UserLevel, c.Config.Model.Fusion.ScenarioLevel)));
        Assert.Null(cells[0].Config.Model.Fusion);
        Assert.Equal(KnowledgeArm.Random, cells[^1].Config.Arm);
    }

    [Fact]
    public void TheFourthFigureIsOneToFourLayersAndAStoreForEachT()
    {
        Assert.Equal([1, 2, 3, 4], Cells(Reproduced.Figure4, out _).Skip(1).Select(c => c.Config.Model.Fusion!.Layers));

        SmallMovieLens.WriteVectors(_scratch["other.safetensors"], seed: 2);
        Assert.Equal(0, SmallMovieLens.Import(_scratch["other.db"], small.Data, _scratch["other.safetensors"]).Code);
        var both = Cells(Reproduced.Figure4, out var plan, [small.Store, _scratch["other.db"]]);
        Assert.Equal([$"T not known, {small.Store}", $"T not known, {_scratch["other.db"]}"], plan.Arms.Skip(5).Select(a => a.Arm.Name));
        Assert.Equal(6, both.Select(c => c.Name).Distinct().Count()); // K = 2 is trained once for both series
    }

    [Fact]
    public void OneCellStandsInSeveralTablesAndIsTrainedOnce()
    {
        var figure3 = Cells(Reproduced.Figure3, out _);

        Assert.Equal(2, Cells(Reproduced.Table2, out _).Select(c => c.Name).Intersect(figure3.Select(c => c.Name)).Count()); // star, star + llm4msr
        Assert.Equal(2, Cells(Reproduced.Figure4, out _).Select(c => c.Name).Intersect(figure3.Select(c => c.Name)).Count());
    }

    [Fact]
    public void ThePapersNumbersAreThoseOfItsTable()
    {
        Assert.Equal(7, PaperNumbers.Scenarios.Count);
        Assert.All(PaperNumbers.Backbones, b => Assert.All(PaperNumbers.Enhancements, e => Assert.Equal(7, PaperNumbers.Auc(b, e).Count)));
        Assert.Equal(0.8720, PaperNumbers.Auc(BackboneKind.Star, EnhancementKind.Llm4msr)[4]); // the 40 % of the abstract: 0.8720 / 0.6156
        // "consistently outperforms the baseline methods except in the search scenario on KuaiSAR-small based on MMoE" (§4.2), ties aside.
        var behind = from backbone in PaperNumbers.Backbones
                     from k in Enumerable.Range(0, 7)
                     where PaperNumbers.Auc(backbone, EnhancementKind.Llm4msr)[k] < PaperNumbers.Enhancements.Max(e => PaperNumbers.Auc(backbone, e)[k])
                     select (backbone, k);
        Assert.Equal([(BackboneKind.Mmoe, 1)], behind);
    }

    [Fact]
    public void ABudgetLeavesArmsOutSaysWhichAndTheNextRunGoesOn()
    {
        string[] command = ["reproduce", "plm", small.Data, "--knowledge", small.Store, "--text-encoder", Encoder(), "--out", _scratch["paper"], "--json", .. SmallRuns.SmallFusedTrials];

        var part = CommandRun.Succeeding([.. command, "--budget", "2"]).Json;
        var whole = CommandRun.Succeeding(command).Json;

        Assert.Equal(["none", "text encoder"], part.GetProperty("rows").EnumerateArray().Select(r => r.GetProperty("arm").GetString()));
        Assert.Equal(["language model", "language model less encoder", "language model, as field"], part.GetProperty("leftOut").EnumerateArray().Select(r => r.GetString()));
        Assert.Equal(5, whole.GetProperty("rows").GetArrayLength());
        Assert.Equal(0, whole.GetProperty("leftOut").GetArrayLength());
        Assert.Equal(part.GetProperty("rows")[1].GetRawText(), whole.GetProperty("rows")[1].GetRawText());
        Assert.Equal(4, Directory.GetDirectories(_scratch["paper/runs"]).Length);
        var row = whole.GetProperty("rows")[1];
        Assert.Equal(row.GetProperty("auc")[3].GetProperty("auc").GetDouble(), row.GetProperty("overBaseline").GetProperty("mean").GetProperty("second").GetDouble(), 1e-12);
        Assert.Equal(6, File.ReadAllLines(_scratch["paper/plm.csv"]).Length);
        Assert.Equal(
            whole.GetProperty("rows")[2].GetProperty("auc")[3].GetProperty("auc").GetDouble() - whole.GetProperty("rows")[1].GetProperty("auc")[3].GetProperty("auc").GetDouble(),
            whole.GetProperty("rows")[3].GetProperty("overBaseline").GetProperty("mean").GetProperty("difference").GetDouble(), 1e-12); // language model less text encoder

        CommandRun.Succeeding("report", _scratch["paper"], "--out", _scratch["report.html"], "--replicates", "100");
        Assert.Contains("language model less encoder", File.ReadAllText(_scratch["report.html"]), StringComparison.Ordinal);
        Assert.Equal(4, JsonDocument.Parse(File.ReadAllText(_scratch["report.json"])).RootElement.GetProperty("runs").GetArrayLength());
    }

    [Fact]
    public void AllThatTheInputsAllowIsMadeFromRunsThatAreSharedAndWhatIsLeftOutIsSaidWithTheReason()
    {
        string[] command = ["reproduce", "all", small.Data, "--knowledge", small.Store, "--out", _scratch["paper"], "--json", .. SmallRuns.SmallFusedTrials];

        var part = CommandRun.Succeeding([.. command, "--budget", "1", "--jobs", "2"]).Json;
        var cells = new[] { Reproduced.Table2, Reproduced.Figure3, Reproduced.Figure4 }.SelectMany(what => Cells(what, out _)).Select(c => c.Name).Distinct().Count();

        Assert.Single(Directory.GetDirectories(_scratch["paper/runs"]));
        Assert.Equal(cells - 1, part.GetProperty("untrained").GetInt32());
        Assert.Equal(["table1", "table2", "table3", "figure3", "figure4"], part.GetProperty("parts").EnumerateObject().Select(p => p.Name));
        Assert.Equal(["figure5", "plm"], part.GetProperty("leftOut").EnumerateArray().Select(l => l.GetProperty("what").GetString()));
        Assert.StartsWith("it needs --text-encoder", part.GetProperty("leftOut")[1].GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Contains("no texts of users", part.GetProperty("leftOut")[0].GetProperty("reason").GetString(), StringComparison.Ordinal);
        foreach (var made in part.GetProperty("parts").EnumerateObject())
            Assert.True(File.Exists(_scratch[$"paper/{made.Name}/{made.Name}.json"]));
        Assert.Single(Arms(part, "table2")); // what was trained is told
        Assert.StartsWith( // with every option, so that it can be made again
            $"llm4msr {string.Join(' ', command[..^SmallRuns.SmallFusedTrials.Length])} --set ",
            JsonDocument.Parse(File.ReadAllText(_scratch["paper/report.json"])).RootElement.GetProperty("command").GetString(), StringComparison.Ordinal);
        Assert.Equal(24, Arms(part, "table2").Count + part.GetProperty("parts").GetProperty("table2").GetProperty("leftOut").GetArrayLength());

        static List<string?> Arms(JsonElement all, string what) =>
            [.. all.GetProperty("parts").GetProperty(what).GetProperty("rows").EnumerateArray().Select(r => r.GetProperty("arm").GetString())];
    }

    /// <summary>Of two trials of each arm one is trained: no arm can be told, and so there is no page yet.</summary>
    [Fact]
    public void WhereTheBudgetCompletesNoArmAllIsGoneOnWithAndHasNoReport()
    {
        string[] command =
        [
            "reproduce", "all", small.Data, "--knowledge", small.Store, "--out", _scratch["paper"], "--json", "--budget", "1", "--vary", "training.learningRate=0.001,0.0003", .. SmallRuns.SmallFusedTrials,
        ];

        var said = CommandRun.Succeeding(command).Json;

        Assert.Equal(JsonValueKind.Null, said.GetProperty("report").ValueKind);
        Assert.Equal(0, said.GetProperty("parts").GetProperty("table2").GetProperty("rows").GetArrayLength());
        Assert.True(File.Exists(_scratch["paper/all.json"]));
        Assert.Single(Directory.GetDirectories(_scratch["paper/runs"]));
    }

    [Fact]
    public void APageOfSomebodyElseIsNotReplacedAndNothingIsTrained()
    {
        Directory.CreateDirectory(_scratch["paper"]);
        File.WriteAllText(_scratch["paper/report.html"], "mine");

        CommandRun.Of("reproduce", "all", small.Data, "--knowledge", small.Store, "--out", _scratch["paper"]).AssertFails(
            FaultKind.Usage, $"'{_scratch["paper/report.html"]}' is there already and is no report of this program, so it is not replaced. Name another file.");

        Assert.Equal("report.html", Path.GetFileName(Assert.Single(Directory.GetFileSystemEntries(_scratch["paper"]))));
    }

    [Fact]
    public void WithoutKnowledgeTheFirstTableIsAll()
    {
        var said = CommandRun.Succeeding("reproduce", "all", small.Data, "--out", _scratch["paper"], "--json").Json;

        Assert.Equal(["table1"], said.GetProperty("parts").EnumerateObject().Select(p => p.Name));
        Assert.Equal(6, said.GetProperty("leftOut").GetArrayLength());
        Assert.All(said.GetProperty("leftOut").EnumerateArray(), l => Assert.StartsWith("it needs --knowledge", l.GetProperty("reason").GetString(), StringComparison.Ordinal));
    }

    /// <summary>Seeds that a folder holds beyond those that are asked for change nothing.</summary>
    [Fact]
    public void FewerSeedsThanAreStoredAreExactlyThose()
    {
        string[] command = ["reproduce", "plm", small.Data, "--knowledge", small.Store, "--text-encoder", Encoder(), "--out", _scratch["paper"], "--json", .. SmallRuns.SmallFusedTrials];

        var one = CommandRun.Succeeding([.. command, "--seeds", "1"]);
        var two = CommandRun.Succeeding([.. command, "--seeds", "2"]);
        var state = FolderState.Of(_scratch["paper/runs"]);
        var oneOfTwo = CommandRun.Succeeding([.. command, "--seeds", "1"]);

        Assert.NotEqual(one.Output, two.Output);
        Assert.Equal(one.Output, oneOfTwo.Output);
        Assert.Equal(state, FolderState.Of(_scratch["paper/runs"]));
        Assert.All(Directory.GetDirectories(_scratch["paper/runs"]), run => Assert.Equal([1, 2], ModelFolder.Open(run).Seeds));

        CommandRun.Succeeding("report", _scratch["paper"], "--out", _scratch["report.html"], "--replicates", "100");
        var report = JsonDocument.Parse(File.ReadAllText(_scratch["report.json"])).RootElement; // whose two parts are about the same models
        var rows = report.GetProperty("reproduced")[0].GetProperty("rows").EnumerateArray().DistinctBy(row => row.GetProperty("run").GetString()); // one stands in two rows
        foreach (var (run, row) in report.GetProperty("runs").EnumerateArray().Zip(rows))
        {
            Assert.Equal([1], run.GetProperty("seeds").EnumerateArray().Select(s => s.GetProperty("seed").GetInt32()));
            Assert.Equal(row.GetProperty("auc").EnumerateArray().Last().GetProperty("auc").GetDouble(), run.GetProperty("seeds")[0].GetProperty("metrics").GetProperty("meanAuc").GetDouble(), 1e-12);
        }
    }

    [Fact]
    public void TheFifthFigureIsWhatWasAskedAndSaidAboutTheUserWhoLikedMost()
    {
        var (data, store) = (_scratch["planted"], _scratch["asked.db"]);
        CommandRun.Succeeding("data", "generate", "--out", data, "--format", "prepared", "--users", "20");
        CommandRun.Succeeding("reason", data, "--model", "embedded", "--history", "2", "--max-new-tokens", "6", "--out", store);

        var chosen = CommandRun.Succeeding("reproduce", "figure5", data, "--knowledge", store, "--out", _scratch["paper"], "--json").Json;
        var other = CommandRun.Succeeding("reproduce", "figure5", data, "--knowledge", store, "--out", _scratch["paper"], "--user", "3", "--json").Json;

        var dataset = InteractionDataset.Open(data);
        var asked = CommandRun.Succeeding("knowledge", "show", store, "--user", chosen.GetProperty("user").GetProperty("user").GetString()!, "--data", data, "--neighbours", "0", "--json").Json;
        Assert.Equal(asked.EnumerateArray().Last().GetProperty("text").GetString(), chosen.GetProperty("user").GetProperty("text").GetString());
        Assert.Equal(asked.EnumerateArray().Last().GetProperty("prompt").GetProperty("text").GetString(), chosen.GetProperty("user").GetProperty("prompt").GetString());
        Assert.Equal("3", other.GetProperty("user").GetProperty("user").GetString());
        Assert.True(Liked(chosen).Sum() >= Liked(other).Sum());
        Assert.All(Liked(chosen), count => Assert.True(count > 0));
        Assert.Equal(dataset.Description.Scenarios.Select(s => s.Name).Order(), chosen.GetProperty("scenarios").EnumerateArray().Select(s => s.GetProperty("scenario").GetString()).Order());
        Assert.All(chosen.GetProperty("scenarios").EnumerateArray(), s => Assert.False(string.IsNullOrEmpty(s.GetProperty("prompt").GetString())));
        Assert.Contains(other.GetProperty("user").GetProperty("text").GetString()!, File.ReadAllText(_scratch["paper/figure5.txt"]), StringComparison.Ordinal);
        Assert.False(Directory.Exists(_scratch["paper/runs"]));

        static IEnumerable<int> Liked(JsonElement shown) => shown.GetProperty("user").GetProperty("positives").EnumerateObject().Select(p => p.Value.GetInt32());
    }

    [Fact]
    public void TheFirstTableNeedsNoRun()
    {
        var table = CommandRun.Succeeding("reproduce", "table1", small.Data, "--out", _scratch["paper"], "--json").Json;

        Assert.Equal(SmallMovieLens.Scenarios, table.GetProperty("ours").EnumerateArray().Select(s => s.GetProperty("scenario").GetString()));
        Assert.Equal(InteractionDataset.Open(small.Data).Interactions.Count, table.GetProperty("ours").EnumerateArray().Sum(s => s.GetProperty("interactions").GetInt32()));
        Assert.Equal(1 + 7 + 3, File.ReadAllLines(_scratch["paper/table1.csv"]).Length);
        Assert.False(Directory.Exists(_scratch["paper/runs"]));
    }

    /// <summary>Counts and ratios, not seconds: what does the same work must not be told apart by its place in the turn.</summary>
    [Fact]
    public void TheThirdTableIsFourModelsThatTakeTurns()
    {
        string[] command = ["reproduce", "table3", small.Data, "--knowledge", small.Store, "--out", _scratch["paper"], "--json", .. SmallRuns.SmallFusedTrials];
        var first = CommandRun.Succeeding(command);
        var table = first.Json;

        var rows = table.GetProperty("rows").EnumerateArray().ToList();
        Assert.Equal(["none", "dynamic-network", "epnet", "llm4msr"], rows.Select(r => r.GetProperty("model").GetString()));
        foreach (var part in new[] { "training", "inference" })
        {
            Assert.Equal((1, 1, 1), (Number(rows[0], part, "ratio"), Number(rows[0], part, "low"), Number(rows[0], part, "high")));
            Assert.All(rows, row => Assert.InRange(Number(row, part, "ratio"), Number(row, part, "low"), Number(row, part, "high")));
        }
        Assert.True(Number(rows[3], "training", "ratio") > 1); // it does all that the backbone does
        Assert.Equal(5, File.ReadAllLines(_scratch["paper/table3.csv"]).Length);

        Assert.Equal(first.Output, CommandRun.Succeeding(command).Output); // kept, with the time at which it was measured
        var again = CommandRun.Succeeding([.. command, "--again"]);
        Assert.True(Measured(again) > Measured(first));
        Assert.Equal(again.Output, CommandRun.Succeeding(command).Output);
        var other = CommandRun.Succeeding([.. command, "--set", "training.batchSize=128"]); // other models, other times
        Assert.True(Measured(other) > Measured(again));
        Assert.Equal(128, other.Json.GetProperty("batch").GetInt32());
        Assert.False(Directory.Exists(_scratch["paper/runs"]));

        static DateTimeOffset Measured(CommandRun run) => run.Json.GetProperty("measured").GetDateTimeOffset();

        static double Number(JsonElement row, string part, string name) => row.GetProperty(part).GetProperty(name).GetDouble();
    }

    [Theory]
    [InlineData("12", 12, null)]
    [InlineData("90s", null, 90.0)]
    [InlineData("30min", null, 1800.0)]
    [InlineData("2h", null, 7200.0)]
    public void ABudgetIsANumberOfCellsOrATime(string text, int? cells, double? seconds)
    {
        var budget = GridBudget.Parse("--budget", text);

        Assert.Equal(new GridBudget(cells, seconds is { } s ? TimeSpan.FromSeconds(s) : null), budget);
        Assert.False(budget.IsSpent((cells ?? 99) - 1, TimeSpan.FromSeconds((seconds ?? 99) - 1)));
        Assert.True(budget.IsSpent(cells ?? 0, TimeSpan.FromSeconds(seconds ?? 0)));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("h")]
    [InlineData("1.5h")]
    [InlineData("2 days")]
    public void AnythingElseIsNoBudget(string text) => CommandRun.Of("reproduce", "table2", small.Data, "--knowledge", small.Store, "--out", _scratch["paper"], "--budget", text).AssertFails(
        FaultKind.Usage, $"--budget is '{text}', expected a number of cells like 12, or a time like 90s, 30min or 2h.");

    [Fact]
    public void WhatATableTakesIsSaid()
    {
        CommandRun.Of("reproduce", "table2", small.Data, "--out", _scratch["paper"]).AssertFails(
            FaultKind.Usage, "table2 takes one --knowledge, and 0 are given. Only figure4 compares several.");
        CommandRun.Of("reproduce", "plm", small.Data, "--knowledge", small.Store, "--out", _scratch["paper"]).AssertFails(
            FaultKind.Usage, "plm needs --text-encoder STORE.db, knowledge of the same data from a text encoder ('llm4msr knowledge encode').");
        CommandRun.Of("reproduce", "figure3", small.Data, "--knowledge", small.Store, "--text-encoder", small.Store, "--out", _scratch["paper"]).AssertFails(
            FaultKind.Usage, "--text-encoder belongs to plm, and figure3 does not read it. Leave it out.");
        CommandRun.Of("reproduce", "table2", small.Data, "--knowledge", small.Store, "--user", "7", "--out", _scratch["paper"]).AssertFails(
            FaultKind.Usage, "--user belongs to figure5, and table2 does not read it. Leave it out.");
        CommandRun.Of("reproduce", "table2", small.Data, "--knowledge", small.Store, "--again", "--out", _scratch["paper"]).AssertFails(
            FaultKind.Usage, "--again belongs to table3, and table2 does not read it. Leave it out.");
        CommandRun.Of("reproduce", "table1", small.Data, "--knowledge", small.Store, "--out", _scratch["paper"]).AssertFails(
            FaultKind.Usage, "--knowledge belongs to table2, table3, figure3, figure4, figure5, plm, and table1 does not read it. Leave it out.");
        CommandRun.Of("reproduce", "table3", small.Data, "--knowledge", small.Store, "--budget", "2h", "--out", _scratch["paper"]).AssertFails(
            FaultKind.Usage, "--budget belongs to table2, figure3, figure4, plm, and table3 does not read it. Leave it out.");
        CommandRun.Of("reproduce", "table2", small.Data, "--knowledge", small.Store, "--vary", "model.backbone=star,mmoe", "--out", _scratch["paper"]).AssertFails(
            FaultKind.Usage, "model.backbone is varied, and it is what arms differ in: all would get the same values. Leave it out of --vary.");
        CommandRun.Of("reproduce", "figure4", small.Data, "--knowledge", small.Store, "--knowledge", small.Store, "--out", _scratch["paper"]).AssertFails(
            FaultKind.Usage, $"'T not known, {small.Store}' is compared twice. Name it once.");
        CommandRun.Of("reproduce", "figure5", small.Data, "--knowledge", small.Store, "--out", _scratch["paper"]).AssertFails(
            FaultKind.BadInput, $"figure5 cannot be made: '{small.Store}' holds vectors and no texts of users, so that there is no case to show; name a store that a language model made.");
        Assert.False(Directory.Exists(_scratch["paper"]));
    }

    private string Encoder()
    {
        SmallMovieLens.WriteVectors(_scratch["encoder.safetensors"], seed: 2);
        Assert.Equal(0, SmallMovieLens.Import(_scratch["encoder.db"], small.Data, _scratch["encoder.safetensors"]).Code);
        return _scratch["encoder.db"];
    }

    private IReadOnlyList<Cell> Cells(Reproduced what, out ReproducedPlan plan, params string[] stores)
    {
        stores = stores.Length > 0 ? stores : [small.Store];
        plan = ReproducedPlan.Of(what, stores, textEncoder: null);
        return GridPlan.Of(
            [Config.Assign("knowledge", stores[0])], [.. plan.Arms.Select(a => a.Arm)], SweepPlan.Settings([]), trials: 0,
            InteractionDataset.Open(small.Data).Description, sharedByArms: true);
    }
}
