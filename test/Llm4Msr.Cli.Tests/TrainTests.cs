using System.Text.Json;
using System.Text.Json.Nodes;
using Llm4Msr.Data;
using Llm4Msr.Models;
using Llm4Msr.Platform;
using Llm4Msr.Testing;
using Llm4Msr.Training;

namespace Llm4Msr.Cli.Tests;

public sealed class TrainTests(SmallRuns small) : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("star", "none")]
    [InlineData("star", "real")]
    [InlineData("star", "shuffled")]
    [InlineData("star", "random")]
    [InlineData("shared-bottom", "none")]
    [InlineData("shared-bottom", "real")]
    [InlineData("shared-bottom", "shuffled")]
    [InlineData("shared-bottom", "random")]
    public void EvaluationFindsWhatTrainingPrinted(string backbone, string arm)
    {
        string[] knowledge = arm == "none" ? [] : ["--enhancement", "llm4msr", "--knowledge", small.Store, "--components", "3", "--arm", arm];

        var train = CommandRun.Succeeding(["train", small.Data, "--out", _scratch["run"], "--json", "--backbone", backbone, .. SmallRuns.Small, .. knowledge]);

        foreach (var (part, printed) in new[] { ("test", "test"), ("validation", "validation") })
        {
            var evaluated = CommandRun.Succeeding("evaluate", _scratch["run"], "--part", part, "--json");
            Assert.Equal(Canonical(train.Json.GetProperty("seeds")[0].GetProperty(printed)), Canonical(evaluated.Json.GetProperty("seeds")[0].GetProperty("metrics")));
        }
        if (arm is "none" or "real")
            AssertPredictionScoresAsEvaluation(small.Data, _scratch["run"]);
    }

    /// <summary>Every row of the test part, once as evaluation scores it and once through the CSV.</summary>
    private void AssertPredictionScoresAsEvaluation(string dataFolder, string run)
    {
        var data = InteractionDataset.Open(dataFolder);
        var ranks = data.RanksOf(Part.Test);
        var rows = ranks.Select(rank => (
            data.Description.Scenarios[data.Interactions.Scenario[rank]].Name,
            data.Encoder.Users.Keys[data.Interactions.User[rank]],
            data.Encoder.Items.Keys[data.Interactions.Item[rank]])).ToList();

        var predicted = Predictions.Of(run, _scratch, rows);

        var folder = ModelFolder.Open(run);
        using var model = folder.Load(1);
        using var visible = folder.Knowledge is null ? null : TrainingRun.Visible(data, folder.Knowledge, model);
        var logits = Scorer.Score(model, data.Encoder, data.Rows(ranks), visible?.Frozen, visible?.RowsAt(ranks));
        Assert.Equal(rows, predicted.Select(p => (p.Scenario, p.User, p.Item))); // the same rows in the same order
        for (var k = 0; k < rows.Count; k++)
            Assert.Equal(1 / (1 + Math.Exp(-logits[k])), predicted[k].Probability, 1e-6);
        Assert.True(predicted.Select(p => p.Probability).Distinct().Count() > rows.Count / 2);
    }

    [Fact]
    public void ASecondRunTrainsNothingAndPrintsTheSame()
    {
        var before = FolderState.Of(small.EnhancedRun);

        var again = CommandRun.Succeeding(small.TrainEnhanced(small.EnhancedRun));

        Assert.Equal(small.Enhanced.Output, again.Output);
        Assert.Equal($"Trained before, and read from '{small.EnhancedRun}': seed 1, 2.\n", again.Errors);
        Assert.Equal(before, FolderState.Of(small.EnhancedRun));
    }

    [Fact]
    public void AnInterruptedRunGoesOnAndEndsAsAnUninterruptedOne()
    {
        using var stop = new CancellationTokenSource();
        CommandRun.Succeeding(small.TrainEnhanced(_scratch["run"], seeds: 1));
        stop.Cancel();
        var stopped = CommandRun.Of(stop.Token, small.TrainEnhanced(_scratch["run"]));

        Assert.Equal(130, stopped.Code);
        Assert.Equal("Trained before, and read from '" + _scratch["run"] + "': seed 1.\nerror: Stopped as asked. What was finished is kept: run the same command again to go on.\n", stopped.Errors);
        Assert.Empty(stopped.Output);
        CommandRun.Succeeding(small.TrainEnhanced(_scratch["run"]));
        Assert.Equal(WeightsOf(small.EnhancedRun), WeightsOf(_scratch["run"]));
    }

    [Fact]
    public void ADryRunCountsTheParametersThatTrainingMakes()
    {
        var size = CommandRun.Succeeding([.. small.TrainEnhanced(_scratch["run"], seeds: 1), "--dry-run"]).Json.GetProperty("size");

        using var model = ModelFolder.Open(small.EnhancedRun).Load(1);
        Assert.Equal(model.parameters().Sum(p => p.numel()), size.GetProperty("parameters").GetInt64());
        var numbers = SmallMovieLens.Users * (SmallMovieLens.UserWidth + 3) + SmallMovieLens.Scenarios.Length * (SmallMovieLens.ScenarioWidth + 3);
        Assert.Equal(4 * numbers, size.GetProperty("knowledgeBytes").GetInt64()); // as stored, and the components read
    }

    [Fact]
    public void ItIsSaidThatAnotherProgramGoesOn()
    {
        var setup = Path.Combine(SmallRuns.Copy(small.PlainRun, _scratch["run"]), "training.json");
        var json = JsonNode.Parse(File.ReadAllText(setup))!;
        json["program"] = "0.0.1+abc";
        File.WriteAllText(setup, json.ToJsonString());
        FolderManifest.Write(_scratch["run"], ModelFolder.Format);

        var run = CommandRun.Succeeding(small.TrainPlain(_scratch["run"]));

        Assert.StartsWith($"The run folder '{_scratch["run"]}' was begun by 0.0.1+abc, this is {ProgramVersion.Current}: ", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void ARunIsNotGoneOnWithUnderOtherOptions()
    {
        var before = FolderState.Of(small.PlainRun);

        CommandRun.Of([.. small.TrainPlain(small.PlainRun), "--learning-rate", "0.5"]).AssertFails(FaultKind.Usage,
            $"The run folder '{small.PlainRun}' was made with something else: its options differ. "
            + $"Name another folder, or use what it was made with ({Path.Combine(small.PlainRun, "training.json")}).");

        Assert.Equal(before, FolderState.Of(small.PlainRun));
    }

    [Fact]
    public void KnowledgeOfTheWholePeriodIsComparedAndNeverPredictedWith()
    {
        Assert.Equal(0, SmallMovieLens.Import(_scratch["whole.db"], small.Data, small.Vectors, "whole-period").Code);
        CommandRun.Succeeding(["train", small.Data, "--out", _scratch["run"], .. SmallRuns.Small, "--enhancement", "llm4msr", "--knowledge", _scratch["whole.db"], "--components", "3"]);
        CommandRun.Succeeding("evaluate", _scratch["run"]);

        Predictions.Command(_scratch["run"], _scratch, ("comedy and family", "7", "1")).AssertFails(FaultKind.Usage,
            "Knowledge of the protocol 'whole-period' cannot be used to predict: its prompts hold the interactions that are to be predicted. "
            + "Reason with 'past-only' or 'train-part', and train with that.");
        Assert.False(File.Exists(_scratch["scores.csv"]));
    }

    [Fact]
    public void NoSeedIsTooFew()
    {
        CommandRun.Of("train", small.Data, "--out", _scratch["run"], "--seeds", "0").AssertFails(FaultKind.Usage, "--seeds is 0, expected 1 or more.");
        CommandRun.Of("train", small.Data, "--out", _scratch["run"], "--first-seed", "-1").AssertFails(FaultKind.Usage, "--first-seed is -1, expected 0 or more.");
        Assert.False(Directory.Exists(_scratch["run"]));
    }

    [Fact]
    public void AllOptionsThatCannotBeUsedAreNamedAtOnce()
    {
        CommandRun.Of("train", small.Data, "--out", _scratch["run"], "--batch-size", "0", "--id-dropout", "1").AssertFails(FaultKind.Usage,
            "These options cannot be used: batch-size is 0, expected 1 or more; id-dropout is 1, expected 0 or more and less than 1.");
        CommandRun.Of("train", small.Data, "--out", _scratch["run"], "--enhancement", "llm4msr").AssertFails(FaultKind.Usage,
            "--enhancement llm4msr needs knowledge: add --knowledge KNOWLEDGE.db, made by 'llm4msr reason' or 'llm4msr knowledge import'.");
        Assert.False(Directory.Exists(_scratch["run"]));
    }

    private static string[] WeightsOf(string run) => [.. new[] { 1, 2 }.Select(seed => ModelFolder.Open(run).WeightsHash(seed))];

    private static string Canonical(JsonElement json) => JsonSerializer.Serialize(json);
}
