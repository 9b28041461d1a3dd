using System.Text.Json;
using Llm4Msr.Testing;
using TorchSharp;

namespace Llm4Msr.Cli.Tests;

/// <summary>What is planned is what is done, with the real model.</summary>
public sealed class KnowledgePlanTests : IDisposable
{
    private readonly string _model = TestFiles.Asset("models", "SmolLM2-135M-Instruct.Q4_1.gguf");
    private readonly ScratchFolder _scratch = new();

    public KnowledgePlanTests() => Prepare("logs", "data", later: 0);

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void ThePlanCountsWhatTheRunThenAsksAndAnEndedRunLeavesNothing()
    {
        var plan = Plan("data", "--out", _scratch["knowledge.db"]);
        Assert.False(File.Exists(_scratch["knowledge.db"]));
        var run = Reason("data", "knowledge.db").Json;
        var after = Plan("data", "--out", _scratch["knowledge.db"], "--probe", "0");

        Assert.Equal((7, 3, 4, 7), (Number(plan, "questions"), Number(plan, "scenarios"), Number(plan, "snapshots"), Number(plan, "toAsk")));
        Assert.Equal((Number(run, "asked"), Number(run, "promptTokens")), (Number(plan, "toAsk"), Number(plan, "promptTokens")));
        Assert.Equal(run.GetProperty("paddedShare").GetDouble(), plan.GetProperty("paddedShare").GetDouble());
        Assert.Equal(Number(run, "newTokens"), Number(plan, "newTokens")); // none ends before two tokens
        var bytes = new FileInfo(_scratch["knowledge.db"]).Length;
        Assert.InRange(Number(plan, "storeBytes"), 0.8 * bytes, 1.2 * bytes);
        Assert.InRange(plan.GetProperty("time").GetProperty("processorSeconds").GetDouble(), 1e-3, 1e3);
        Assert.Equal((7, 0, 0), (Number(after, "stored"), Number(after, "toAsk"), Number(after, "promptTokens")));
        Assert.Equal(JsonValueKind.Null, after.GetProperty("time").ValueKind);
    }

    [Fact]
    public void WithNewInteractionsOnlyChangedPromptsAreAskedAndThePlanSaysSo()
    {
        Reason("data", "yesterday.db");
        Prepare("logs-of-today", "today", later: 0, moreUsers: 1);

        var plan = Plan("today", "--reuse", _scratch["yesterday.db"], "--probe", "0");
        var run = Reason("today", "today.db", "--reuse", _scratch["yesterday.db"]).Json;

        Assert.Equal((4, 4), (Number(plan, "samePrompt"), Number(plan, "toAsk"))); // three scenarios have other statistics, one user is new
        Assert.Equal((4, 4, 0), (Number(run, "samePrompt"), Number(run, "asked"), Number(run, "left")));
    }

    [Fact]
    public void ABudgetIsPlannedAndKept()
    {
        var all = Plan("data", "--probe", "0");
        var budget = $"{Number(all, "promptTokens") + 2 * 7 - 1}";

        var plan = Plan("data", "--probe", "0", "--budget", budget);
        var run = Reason("data", "knowledge.db", "--budget", budget);
        var rest = Reason("data", "knowledge.db", "--budget", budget);

        Assert.Equal((6, 1), (Number(plan, "toAsk"), Number(plan, "left")));
        Assert.Equal((6, 1), (Number(run.Json, "asked"), Number(run.Json, "left")));
        Assert.Equal((1, 0), (Number(rest.Json, "asked"), Number(rest.Json, "left")));
    }

    [Fact]
    public void TokensAreCostedByThePriceOfTheModelsName()
    {
        var name = Plan("data", "--probe", "0").GetProperty("model").GetString();
        File.WriteAllText(_scratch["prices.json"], JsonSerializer.Serialize(new { currency = "EUR", models = new Dictionary<string, object> { [name!] = new { prompt = 1_000_000, @new = 0 } } }));

        var plan = Plan("data", "--probe", "0", "--prices", _scratch["prices.json"]);

        Assert.Equal(Number(plan, "promptTokens"), plan.GetProperty("cost").GetProperty("expected").GetDecimal());
        Assert.Equal("EUR", plan.GetProperty("cost").GetProperty("currency").GetString());
    }

    [Fact]
    public void APromptIsShownAsTheModelReadsIt()
    {
        string[] show = ["prompts", "show", _scratch["data"], "--user", "2", "--protocol", "train-part", "--model", _model, "--json"];
        var whole = CommandRun.Succeeding(show).Json[0];
        var tokens = whole.GetProperty("tokens").GetInt32();

        // So many new tokens that the context has no room for the whole prompt.
        var cut = CommandRun.Succeeding([.. show, "--max-new-tokens", $"{8192 - tokens + 1}"]).Json[0];

        Assert.Equal(0, whole.GetProperty("prompt").GetProperty("itemsCut").GetInt32());
        Assert.Equal(1, cut.GetProperty("prompt").GetProperty("itemsCut").GetInt32());
        Assert.InRange(cut.GetProperty("tokens").GetInt32(), 1, tokens - 1);
    }

    [Fact]
    public void ShowingAPromptReadsNoWeights()
    {
        var before = Made();

        CommandRun.Succeeding("prompts", "show", _scratch["data"], "--user", "2", "--protocol", "train-part", "--model", _model);

        Assert.Equal(before, Made()); // weights are tensors

        static long Made() => DisposeScopeManager.Statistics.TensorStatistics.CreatedInScopeCount + DisposeScopeManager.Statistics.TensorStatistics.CreatedOutsideScopeCount;
    }

    private void Prepare(string logs, string data, int later, int moreUsers = 0)
    {
        SmallMovieLens.Write(_scratch[logs], users: 4 + moreUsers, ratingsEach: 10, later);
        CommandRun.Succeeding("prepare", "ml-100k", _scratch[logs], "--out", _scratch[data]);
    }

    private string[] Settings(string data) =>
        [_scratch[data], "--model", _model, "--protocol", "train-part", "--history", "1", "--max-new-tokens", "2", "--batch-size", "2", "--workers", "1", "--json"];

    private JsonElement Plan(string data, params string[] more) => CommandRun.Succeeding(["knowledge", "plan", .. Settings(data), .. more]).Json;

    private CommandRun Reason(string data, string store, params string[] more) => CommandRun.Succeeding(["reason", .. Settings(data), "--out", _scratch[store], .. more]);

    private static long Number(JsonElement json, string name) => json.GetProperty(name).GetInt64();
}
