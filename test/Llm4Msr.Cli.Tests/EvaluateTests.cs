using System.Text.Json;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Cli.Tests;

/// <summary>What <c>evaluate</c> and <c>compare</c> say about runs on the same rows.</summary>
public sealed class EvaluateTests(SmallRuns small) : IDisposable
{
    private const int Columns = 100;

    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void TablesFitATerminalOfAHundredColumns()
    {
        string[][] commands =
        [
            ["evaluate", small.EnhancedRun, "--intervals"],
            ["compare", small.PlainRun, small.EnhancedRun],
            ["compare", small.PlainRun, small.EnhancedRun, "--details"],
        ];
        foreach (var command in commands)
        {
            var lines = CommandRun.Succeeding(command).Output.Split('\n');
            var rules = lines.Where(l => l.StartsWith('─')).ToList();
            Assert.Equal(command[0] == "compare" ? 2 : 1, rules.Count);
            Assert.All(rules, rule => Assert.InRange(rule.Length, 60, Columns));
            Assert.Equal(SmallMovieLens.Scenarios.Length * (command[^1] == "--details" ? 6 : 1), lines.Count(l => SmallMovieLens.Scenarios.Any(s => l.Contains($"  {s}  ", StringComparison.Ordinal))));
        }
    }

    [Fact]
    public void IntervalsAreGivenWhereTheyAreAskedForAndHoldTheMean()
    {
        var plain = CommandRun.Succeeding("evaluate", small.EnhancedRun, "--json");
        var asked = CommandRun.Succeeding("evaluate", small.EnhancedRun, "--json", "--intervals", "--replicates", "200");

        Assert.Equal(JsonValueKind.Null, plain.Json.GetProperty("intervals").ValueKind);
        Assert.Equal(plain.Json.GetProperty("seeds").GetRawText(), asked.Json.GetProperty("seeds").GetRawText());
        var intervals = asked.Json.GetProperty("intervals");
        Assert.Equal((2, 200), (intervals.GetProperty("seeds").GetInt32(), intervals.GetProperty("replicates").GetInt32()));
        var mean = asked.Json.GetProperty("seeds").EnumerateArray().Average(s => s.GetProperty("metrics").GetProperty("meanAuc").GetDouble());
        Assert.InRange(mean, intervals.GetProperty("meanAuc").GetProperty("low").GetDouble(), intervals.GetProperty("meanAuc").GetProperty("high").GetDouble());
        Assert.Equal(asked.Output, CommandRun.Succeeding("evaluate", small.EnhancedRun, "--json", "--intervals", "--replicates", "200").Output);
    }

    /// <summary>The same figures as each run's own evaluation, of the runs in their order.</summary>
    [Fact]
    public void OtherFiguresAreComparedToo()
    {
        var compared = CommandRun.Succeeding("compare", small.PlainRun, small.EnhancedRun, "--json").Json.GetProperty("figures").EnumerateArray().ToList();
        var (first, second) = (Evaluated(small.PlainRun), Evaluated(small.EnhancedRun));

        Assert.Equal(5 * (SmallMovieLens.Scenarios.Length + 1), compared.Count);
        var allRows = compared.Where(f => f.GetProperty("scenario").GetString() == "all rows").ToDictionary(f => f.GetProperty("figure").GetString()!);
        foreach (var (figure, of) in new Dictionary<string, Func<JsonElement, double>>
        {
            ["grouped-auc"] = m => m.GetProperty("groupedAuc").GetProperty("value").GetDouble(),
            ["log-loss"] = m => m.GetProperty("logLoss").GetDouble(),
            ["normalized-entropy"] = m => m.GetProperty("normalizedEntropy").GetDouble(),
            ["calibration-error"] = m => m.GetProperty("calibrationError").GetDouble(),
            ["predicted-to-actual"] = m => m.GetProperty("predictedToActual").GetDouble(),
        })
        {
            Assert.Equal(first.Average(of), allRows[figure].GetProperty("first").GetDouble(), 1e-12);
            Assert.Equal(second.Average(of), allRows[figure].GetProperty("second").GetDouble(), 1e-12);
        }

        List<JsonElement> Evaluated(string run) =>
            [.. CommandRun.Succeeding("evaluate", run, "--json").Json.GetProperty("seeds").EnumerateArray().Select(s => s.GetProperty("metrics").GetProperty("overall"))];
    }

    [Fact]
    public void AScenarioWithTooFewClicksIsNamedAndNotDropped()
    {
        var run = CommandRun.Succeeding("evaluate", small.PlainRun, "--minimum-per-class", "1000", "--intervals");

        foreach (var scenario in SmallMovieLens.Scenarios)
            Assert.Contains($"The AUC of '{scenario}' is undefined (fewer than 1000 clicks), so the mean leaves it out.\n", run.Output, StringComparison.Ordinal);
        Assert.Matches(@"  mean +undefined +none ", run.Output);

        var compared = CommandRun.Succeeding("compare", small.PlainRun, small.EnhancedRun, "--minimum-per-class", "1000");
        Assert.Contains("Nothing can be said about the mean scenario AUC: no scenario has an AUC.\n", compared.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new[] { 1 }, new[] { 2 }, "; they are about these models, of 1 seed each")]
    [InlineData(new[] { 1 }, new[] { 1, 2, 3 }, ", and of the 3 seeds of B; they are about the one model of A")]
    [InlineData(new[] { 1, 2 }, new[] { 1 }, ", and of the 2 seeds of A; they are about the one model of B")]
    [InlineData(new[] { 1, 2, 3 }, new[] { 3, 1, 2 }, ", and of the 3 seeds, in pairs")]
    [InlineData(new[] { 1, 2, 3 }, new[] { 4, 5 }, ", and of the 3 seeds of A and the 2 of B, apart")]
    public void WhatTheIntervalsOfAComparisonAreOverIsSaid(int[] first, int[] second, string words) =>
        Assert.Equal(words, ComparisonReport.AndSeeds(first, second));

    [Theory]
    [InlineData(1, "Intervals are over the users of the scenario, the same draws for both, and each is one comparison of several; they are about these models, of 1 seed: --seeds 5 says more.")]
    [InlineData(3, "Intervals are over the users of the scenario and the 3 seeds, the same draws for both, and each is one comparison of several.")]
    public void OneSeedIsSaidToBeOne(int seeds, string sentence) => Assert.Equal(sentence, EvaluationReport.OfAScenario(seeds));

    [Fact]
    public void AComparisonIsOfTheFiguresThatEvaluationPrints()
    {
        var json = CommandRun.Succeeding("compare", small.PlainRun, small.EnhancedRun, "--json").Json;
        var forPeople = CommandRun.Succeeding("compare", small.PlainRun, small.EnhancedRun).Output;

        var (first, second) = (MeanAuc(small.PlainRun), MeanAuc(small.EnhancedRun));
        var mean = json.GetProperty("mean");
        Assert.Equal(first, mean.GetProperty("first").GetDouble(), 1e-12);
        Assert.Equal(second, mean.GetProperty("second").GetDouble(), 1e-12);
        Assert.Equal(second - first, mean.GetProperty("difference").GetDouble(), 1e-12);
        Assert.Contains(json.GetProperty("verdict").GetString() + "\n", forPeople, StringComparison.Ordinal);
        Assert.Contains($"A: star ({small.PlainRun}), seed 1\nB: star + llm4msr, real knowledge ({small.EnhancedRun}), seeds 1, 2\n", forPeople, StringComparison.Ordinal);
        Assert.Contains("There is no t-test over seeds", forPeople, StringComparison.Ordinal);

        static double MeanAuc(string run) => CommandRun.Succeeding("evaluate", run, "--json").Json.GetProperty("seeds").EnumerateArray()
            .Average(s => s.GetProperty("metrics").GetProperty("meanAuc").GetDouble());
    }

    [Fact]
    public void ARunIsNotAheadOfItself()
    {
        var run = CommandRun.Succeeding("compare", small.EnhancedRun, small.EnhancedRun);

        Assert.Contains("No difference: both order these rows alike.\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void RunsOfOtherDataOrAnotherSplitAreNotCompared()
    {
        var logs = SmallMovieLens.Write(_scratch["logs"], later: 2);
        CommandRun.Succeeding("prepare", "ml-100k", logs, "--out", _scratch["other data"]);
        CommandRun.Succeeding("prepare", "ml-100k", small.Logs, "--out", _scratch["other split"], "--split", "user-holdout");
        foreach (var (data, sentence) in new[]
        {
            ("other data", "^error: '.*' was trained on other data than '.*' \\(interactions [0-9a-f]{64}, not [0-9a-f]{64}\\)\\. Compare runs of the same data\\.\n$"),
            ("other split", "^error: '.*' was trained on another split of the data than '.*' \\(training part [0-9a-f]{64}, not [0-9a-f]{64}\\)\\. Compare runs of one prepared folder\\.\n$"),
        })
        {
            CommandRun.Succeeding(["train", _scratch[data], "--out", _scratch[$"run on {data}"], .. SmallRuns.Small]);

            var run = CommandRun.Of("compare", small.PlainRun, _scratch[$"run on {data}"]);

            Assert.Matches(sentence, run.Errors);
            Assert.Equal((2, ""), (run.Code, run.Output));
        }
    }

    [Fact]
    public void TooFewDrawsAreRefused()
    {
        CommandRun.Of("evaluate", small.PlainRun, "--replicates", "99").AssertFails(FaultKind.Usage, "--replicates is 99, expected 100 or more.");
        CommandRun.Of("compare", small.PlainRun, small.PlainRun, "--minimum-per-class", "0").AssertFails(FaultKind.Usage, "--minimum-per-class is 0, expected 1 or more.");
    }
}
