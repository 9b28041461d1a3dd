using System.Text.Json;
using Llm4Msr.Cli.Grids;
using Llm4Msr.Data;
using Llm4Msr.Evaluation;
using Llm4Msr.Models;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning;
using Llm4Msr.Testing;
using Llm4Msr.Training;

namespace Llm4Msr.Cli.Tests;

public sealed class ValueTests(SmallRuns small) : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void PlantedKnowledgeIsWorthAskingForAndNoiseIsNot()
    {
        using var planted = new PlantedStores(users: 500);

        var truth = CommandRun.Succeeding(Planted(planted.Truth)).Json;
        var noise = CommandRun.Succeeding(Planted(planted.Noise)).Json;

        Assert.Equal("all users", truth.GetProperty("recommended").GetString());
        Assert.StartsWith("Stop at 'all users': it is ahead of ", truth.GetProperty("sentence").GetString(), StringComparison.Ordinal);
        Assert.Equal("none", noise.GetProperty("recommended").GetString());
        Assert.StartsWith("No policy is shown to pay", noise.GetProperty("sentence").GetString(), StringComparison.Ordinal);
        var policies = truth.GetProperty("policies").EnumerateArray().ToList();
        Assert.Equal(["none", "scenario level only", "top 30 % of users", "all users"], policies.Select(p => p.GetProperty("policy").GetString()));
        Assert.Equal([0, 0, 150, 500], policies.Select(p => p.GetProperty("users").GetInt32()));
        Assert.True(Number(policies[3], "gain") > Number(policies[2], "gain") && Number(policies[2], "gain") > Number(policies[1], "gain"));
        Assert.Equal(0, Number(policies[0], "hours"));
        Assert.Equal(2, Number(policies[3], "hours"));

        string[] Planted(string store) =>
            ["value", planted.Data, "--knowledge", store, "--active", "30", "--hours", "2", "--out", _scratch["planted"], "--json", .. PlantedStores.Trials];
    }

    /// <summary>Of two policies after no knowledge, what is said where no policy pays; and where one does.</summary>
    [Theory]
    [InlineData(-0.02, -0.02, 0.005, "No policy pays: each is behind no knowledge by its interval. Stop before asking.")]
    [InlineData(-0.02, 0.001, 0.005, "No policy is shown to pay, and these rows do not rule out a gain of 0.0050: more users, rows or seeds would say more.")]
    [InlineData(0.001, 0.0034, 0.00178, "No policy is shown to pay, and these rows do not rule out a gain of 0.0050: more users, rows or seeds would say more.")]
    [InlineData(0.001, 0.0014, 0.00178, "No policy gains 0.0050 over no knowledge: every interval ends below that. Stop before asking.")]
    [InlineData(0.002, 0.003, 0.0005, "No policy gains 0.0050 over no knowledge: every interval ends below that, though 'all' is ahead by 0.0030 in mean scenario AUC (95 % interval +0.0020 to +0.0040). Stop before asking.")]
    [InlineData(0.004, 0.001, 0.001, "No policy is shown to pay: 'some' is ahead of no knowledge by 0.0040 in mean scenario AUC (95 % interval +0.0020 to +0.0060), which is less than 0.0050. More users, rows or seeds would say more.")]
    [InlineData(0.006, 0.004, 0.001, "Stop at 'some': it is ahead of 'none' by 0.0060 in mean scenario AUC (95 % interval +0.0040 to +0.0080), and nothing dearer is shown to be worth more.")]
    public void WhatIsShownOfThePoliciesIsSaid(double some, double all, double error, string sentence)
    {
        var stop = StoppingPoint.Of(3, (standing, policy) => Difference((policy == 1 ? some : all) - (standing == 0 ? 0 : some)));

        Assert.Equal(sentence, new ValueReport([.. new[] { "none", "some", "all" }.Select(Policy)], [], stop, Hours: null, HoursFrom: "").Sentence());

        static (ValuePolicy, ArmResult) Policy(string name) => (new ValuePolicy(Arm.Of(name), new StoredWork(0, 0, 0, 0)), new ArmResult(Arm.Of(name), []));

        AucDifference Difference(double by) => new("mean", 0.7, 0.7 + by, by, new Interval(by - 2 * error, by + 2 * error), error, 2.8 * error, null, null);
    }

    [Fact]
    public void WhatIsWrittenIsWhatIsToldAndWhatIsTrainedIsNeverTrainedAgain()
    {
        var first = CommandRun.Succeeding(Small());
        var state = FolderState.Of(_scratch["small"]);

        Assert.Equal(first.Output, CommandRun.Succeeding(Small()).Output);
        Assert.Equal(state, FolderState.Of(_scratch["small"]));
        Assert.Equal(6, Directory.GetDirectories(_scratch["small/runs"]).Length);
        var written = JsonDocument.Parse(File.ReadAllText(_scratch["small/value.json"])).RootElement;
        var policies = written.GetProperty("policies").EnumerateArray().ToList();
        Assert.Equal(["none", "scenario level only", "top 10 % of users", "top 25 % of users", "top 50 % of users", "all users"], policies.Select(p => p.GetProperty("policy").GetString()));
        foreach (var policy in policies)
        {
            Assert.All(new[] { "users", "auc", "gain", "low", "high" }, name => Assert.Equal(JsonValueKind.Number, policy.GetProperty(name).ValueKind));
            Assert.Equal(JsonValueKind.Null, policy.GetProperty("hours").ValueKind); // nobody said any
            Assert.Equal([1], policy.GetProperty("trials")[0].GetProperty("seeds").EnumerateArray().Select(s => s.GetInt32()));
            Assert.Equal(Number(policy, "auc") - Number(policies[0], "auc"), Number(policy, "gain"), 1e-12);
        }
        Assert.Equal(7, File.ReadAllLines(_scratch["small/value.csv"]).Length);
        Assert.StartsWith("policy,users,prompts,tokens,hours,auc,gain,low,high,", File.ReadAllLines(_scratch["small/value.csv"])[0], StringComparison.Ordinal);

        var reported = CommandRun.Succeeding("report", _scratch["small"], "--out", _scratch["value.html"], "--json").Json;
        Assert.Equal(written.GetProperty("sentence").GetString(), reported.GetProperty("verdict").GetString());
        Assert.Equal(policies.Select(p => p.GetProperty("policy").GetString()), reported.GetProperty("runs").EnumerateArray().Select(r => r.GetString()));
    }

    /// <summary>What a policy leaves out is gone from its run, so that whatever is done with the run agrees.</summary>
    [Fact]
    public void ARunHoldsTheKnowledgeThatItsPolicyPaysFor()
    {
        var policies = CommandRun.Succeeding(Small()).Json.GetProperty("policies").EnumerateArray().ToList();
        var data = InteractionDataset.Open(small.Data);

        var run = policies[3].GetProperty("run").GetString()!; // a quarter
        Assert.Equal(UserActivity.MostActive(data, 25).Order(StringComparer.Ordinal), ModelFolder.Open(run).Knowledge!.Users.Select(u => u.Id));
        var evaluated = CommandRun.Succeeding("evaluate", run, "--json").Json.GetProperty("seeds")[0].GetProperty("metrics").GetProperty("meanAuc").GetDouble();
        Assert.Equal(Number(policies[3], "auc"), evaluated, 1e-12);
    }

    [Fact]
    public void TheTimeIsTakenByAskingAgainTheModelThatMadeTheStore()
    {
        var (data, store) = (_scratch["planted"], _scratch["asked.db"]);
        CommandRun.Succeeding("data", "generate", "--out", data, "--format", "prepared", "--users", "40");
        CommandRun.Succeeding("reason", data, "--model", "embedded", "--history", "2", "--max-new-tokens", "4", "--out", store);

        var said = CommandRun.Succeeding(["value", data, "--knowledge", store, "--model", "embedded", "--active", "50", "--out", _scratch["value"], "--json", .. SmallRuns.SmallFusedTrials]).Json;
        var policies = said.GetProperty("policies").EnumerateArray().ToList();

        Assert.StartsWith("predicted from the tokens", said.GetProperty("hoursFrom").GetString(), StringComparison.Ordinal);
        Assert.True(Number(policies[3], "hours") > Number(policies[2], "hours") && Number(policies[2], "hours") > Number(policies[1], "hours"));
        Assert.Equal(0, Number(policies[0], "hours"));
        var other = CommandRun.Of(["value", small.Data, "--knowledge", small.Store, "--model", "embedded", "--out", _scratch["other"], .. SmallRuns.SmallFusedTrials]);
        Assert.Equal(2, other.Code);
        Assert.Contains("did not make the knowledge in", other.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_scratch["other"]));
    }

    [Theory]
    [InlineData("--active is 10,10, expected different percentages, each more than 0 and less than 100: none and all are compared in any case.", "--active", "10,10")]
    [InlineData("--active is 100, expected different percentages, each more than 0 and less than 100: none and all are compared in any case.", "--active", "100")]
    [InlineData("--hours is 0, expected a number above 0.", "--hours", "0")]
    [InlineData("--hours says the time, and --model is for taking it. Leave one of them out.", "--hours", "1", "--model", "embedded")]
    [InlineData("keepRowsWithoutKnowledge is false, and so the fewer users a policy asks about, the fewer rows it would train on. Leave it out: the policies are compared on the same rows.", "--set", "keepRowsWithoutKnowledge=false")]
    public void WhatCannotBeWeighedIsSaidBeforeAnythingIsTrained(string sentence, params string[] options)
    {
        CommandRun.Of([.. Small(), .. options]).AssertFails(FaultKind.Usage, sentence);
        Assert.False(Directory.Exists(_scratch["small"]));
    }

    private string[] Small() => ["value", small.Data, "--knowledge", small.Store, "--out", _scratch["small"], "--json", .. SmallRuns.SmallFusedTrials];

    private static double Number(JsonElement policy, string name) => policy.GetProperty(name).GetDouble();
}
