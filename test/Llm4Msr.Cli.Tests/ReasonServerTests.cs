using System.Globalization;
using System.Text;
using Llm4Msr.Knowledge;
using Llm4Msr.Language.Servers;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Cli.Tests;

/// <summary>Reasoning with a server, from the command line to the store and on to a trained model; goals R1 and R3.</summary>
public sealed class ReasonServerTests : IDisposable
{
    private const int Users = 30, Probes = 3, Questions = 3 + Users; // every scenario, and every user after eight tenths of their rows

    private readonly ScratchFolder _scratch = new();
    private readonly ModelServer _server = new(ServerDialect.LlamaCpp);

    public ReasonServerTests()
    {
        SmallMovieLens.Write(_scratch["logs"], Users);
        CommandRun.Succeeding("prepare", "ml-100k", _scratch["logs"], "--out", _scratch["data"]);
    }

    public void Dispose()
    {
        _server.Dispose();
        _scratch.Dispose();
    }

    [Fact]
    public void EveryPromptIsAskedOnceAndAModelIsTrainedOnWhatTheServerSaid()
    {
        _server.Instead = _ =>
        {
            Thread.Sleep(5); // or the first worker is done before the second starts
            return null;
        };
        var run = CommandRun.Succeeding(Reason("a.db", "--concurrency", "3", "--json"));

        Assert.Equal((Questions, 0, Questions), Counts(run));
        Assert.Equal((Questions, Questions), (Asked, _server.Http.CountOf("/embedding") - Probes));
        Assert.InRange(_server.Http.MostAtOnce, 2, 3);
        using (var store = KnowledgeStore.OpenForReading(_scratch["a.db"]))
        {
            Assert.Equal(["read_again"], store.Fingerprint.States);
            Assert.Equal(("tiny.gguf", "", ModelServer.Width), (store.Fingerprint.Source, store.Fingerprint.WeightsHash, store.Fingerprint.UserWidth));
            var answers = _server.Http.Requests.Where(r => r.Path == "/v1/chat/completions").Select(r => ModelServer.TextFor(r.Json["messages"]![0]!["content"]!.GetValue<string>()));
            Assert.Equal(answers.Order(StringComparer.Ordinal), store.Records().Select(r => r.Text).Order(StringComparer.Ordinal));
            Assert.All(store.Records(), r => Assert.Equal(7, r.NewTokens));
        }
        CommandRun.Succeeding(["train", _scratch["data"], "--out", _scratch["run"], .. SmallRuns.Small, "--enhancement", "llm4msr", "--knowledge", _scratch["a.db"], "--components", "3"]);

        Assert.Equal((Questions, Questions, 0), Counts(CommandRun.Succeeding(Reason("a.db", "--json"))));
        Assert.Equal(Questions, Asked);
    }

    [Fact]
    public void AServerThatStopsAnsweringLeavesWhatIsFinishedAndTheSameCommandGoesOn()
    {
        const int Finished = 2, AtOnce = 8;
        var left = Finished;
        _server.Instead = request => request.Path == "/v1/chat/completions" && Interlocked.Decrement(ref left) < 0
            ? new TestResponse("""{"error":{"message":"out of memory"}}""", 500)
            : null;
        string[] command = [.. Reason("a.db", "--concurrency", $"{AtOnce}", "--give-up-after", "8"), "--json"];

        var stopped = CommandRun.Of(command);

        Assert.Equal((6, ""), (stopped.Code, stopped.Output));
        Assert.Matches(
            $"\\Aerror: {_server.Address}v1/chat/completions answered with 500: out of memory, for 8 s\\. Is the server up, and is the address right\\? "
            + $"Run the command again to go on\\. Of {Questions} prompts {Finished} are stored in .*a\\.db, {Questions - Finished} are missing\\.\n\\z", stopped.Errors);
        Assert.InRange(Asked, Finished + AtOnce, Finished + 2 * AtOnce + AtOnce / 2); // without the break they are 5 tries each
        Assert.Equal(Finished, Rows("a.db").Count);

        _server.Instead = null;
        var resumed = CommandRun.Succeeding(command);

        Assert.Equal((Questions, Finished, Questions - Finished), Counts(resumed));
        Assert.Equal((Questions, Questions), (Rows("a.db").Count, Rows("a.db").Distinct().Count()));
        Assert.True(KnowledgeStore.Verify(_scratch["a.db"]).IsClean);
        var undisturbed = CommandRun.Succeeding(Reason("b.db", "--json"));
        Assert.Equal(undisturbed.Json.GetProperty("contentHash").GetString(), resumed.Json.GetProperty("contentHash").GetString());
    }

    [Fact]
    public void ABadStateStoresNothingOfItsPromptAndKeepsTheRest()
    {
        var left = 5 + Probes;
        _server.Instead = request => request.Path == "/embedding" && --left < 0 ? new TestResponse("""[{"index":0,"embedding":[[1,2,null]]}]""") : null;

        var stopped = CommandRun.Of(Reason("a.db", "--concurrency", "1"));

        Assert.Equal(4, stopped.Code);
        Assert.Contains($"that is null, expected a finite number. Nothing of it was stored.", stopped.Errors, StringComparison.Ordinal);
        Assert.Contains($"Of {Questions} prompts 5 are stored", stopped.Errors, StringComparison.Ordinal);
        Assert.Equal(5, Rows("a.db").Count);
    }

    [Fact]
    public void APromptThatTheServerDoesNotAcceptIsLeftAndTheOthersAreStored()
    {
        var left = 10;
        _server.Instead = request => request.Path == "/v1/chat/completions" && Interlocked.Decrement(ref left) == 0
            ? new TestResponse("""{"error":{"message":"not this one"}}""", 400)
            : null;

        var stopped = CommandRun.Of(Reason("a.db", "--concurrency", "3"));

        Assert.Equal((4, ""), (stopped.Code, stopped.Output));
        Assert.Matches(
            $"\\Aerror: Of {Questions} prompts 1 got no answer that can be used; the same command asks them again\\. The first: {_server.Address}v1/chat/completions does not accept the request \\(400: not this one\\)\\..*"
            + $" Of {Questions} prompts {Questions - 1} are stored in .*a\\.db, 1 are missing\\.\n\\z", stopped.Errors);
        Assert.Equal((Questions, Questions - 1, 1), Counts(CommandRun.Succeeding(Reason("a.db", "--json"))));
    }

    [Fact]
    public void APlanAsksAServerNothingAndSaysWhatItTakesAtMostAndHowFarALimitReaches()
    {
        File.WriteAllText(_scratch["prices.json"], """{"currency":"EUR","models":{"/models/tiny.gguf":{"prompt":2,"new":10}}}""");
        string[] settings = [_scratch["data"], "--model", _server.Address.ToString(), "--protocol", "train-part", "--prices", _scratch["prices.json"]];

        var plan = CommandRun.Succeeding(["knowledge", "plan", .. settings, "--max-tokens-total", "5000", "--json"]).Json;
        var asked = Asked;
        var run = CommandRun.Succeeding(["reason", .. settings, "--out", _scratch["a.db"], "--json"]).Json;

        Assert.Equal(0, asked);
        Assert.Equal(Questions, plan.GetProperty("toAsk").GetInt32());
        var (prompt, generated) = (plan.GetProperty("promptTokens").GetInt64(), plan.GetProperty("newTokens").GetInt64());
        Assert.True(prompt >= run.GetProperty("promptTokens").GetInt64());
        Assert.Equal(48 * Questions, generated);
        Assert.Equal((2 * prompt + 10 * generated + 2 * (prompt + generated)) / 1e6m, plan.GetProperty("cost").GetProperty("atMost").GetDecimal());
        Assert.InRange(plan.GetProperty("withinLimit").GetInt32(), 1, Questions - 1);
        CommandRun.Succeeding(["knowledge", "plan", .. settings, "--probe", "2"]);
        Assert.Equal(Questions + 2, Asked);
    }

    [Fact]
    public void ABudgetOfTokensIsNeverExceededAndEveryRunGoesOnUntilAllIsStored()
    {
        const int Budget = 5_000;
        var (runs, asked) = (0, 0);
        CommandRun run;
        do
        {
            run = CommandRun.Of(Reason("a.db", "--concurrency", "4", "--max-tokens-total", $"{Budget}"));
            var spent = _server.Http.Requests.Where(r => r.Path == "/v1/chat/completions").Skip(asked).Sum(TokensOf);
            Assert.InRange(spent, 1, Budget);
            Assert.True(Asked > asked, "a run asked nothing");
            asked = Asked;
            Assert.Equal(asked, Rows("a.db").Count); // nothing that was paid for is lost
            if (run.Code == 0)
                break;
            Assert.Equal(6, run.Code);
            Assert.Matches($@"\Aerror: The budget is used up: {spent:N0} of 5,000 tokens \(--max-tokens-total\) are spent in this run, .* Of {Questions} prompts {asked} are stored in .*a\.db, {Questions - asked} are missing\.\n\z", run.Errors);
        }
        while (++runs < Questions);

        Assert.Equal(0, run.Code);
        Assert.Equal(Questions, Asked);
        Assert.True(runs > 1);
    }

    [Fact]
    public void ABudgetOfMoneyGoesByThePriceListAndAnUnlistedModelIsNamed()
    {
        File.WriteAllText(_scratch["prices.json"], """{"currency":"EUR","models":{"/models/tiny.gguf":{"prompt":2,"new":10}}}""");
        File.WriteAllText(_scratch["others.json"], """{"currency":"EUR","models":{"gpt":{"prompt":2,"new":10}}}""");

        var run = CommandRun.Of(Reason("a.db", "--max-cost", "0.01", "--prices", _scratch["prices.json"]));

        var cost = _server.Http.Requests.Where(r => r.Path == "/v1/chat/completions").Sum(r => 2 * (TokensOf(r) - 7) + 10 * 7) / 1e6m;
        Assert.Equal(6, run.Code);
        Assert.Contains(FormattableString.Invariant($"The budget is used up: {cost:0.####} of 0.01 EUR (--max-cost) are spent"), run.Errors, StringComparison.Ordinal);
        Assert.InRange(cost, 0.003m, 0.01m);
        CommandRun.Of(Reason("b.db", "--max-cost", "0.01", "--prices", _scratch["others.json"])).AssertFails(FaultKind.Usage,
            $"The price list '{_scratch["others.json"]}' has no model '/models/tiny.gguf'. It has: gpt. Add the model; what costs nothing has prices of 0.");
        Assert.False(File.Exists(_scratch["b.db"]));
    }

    [Fact]
    public void TheKeyComesFromTheEnvironmentAndGoesNowhereButIntoTheHeader()
    {
        const string Key = "k-7f3a9c";
        Environment.SetEnvironmentVariable(ServerAddress.KeyVariable, Key);
        try
        {
            var run = CommandRun.Succeeding(Reason("a.db", "--json"));

            Assert.All(_server.Http.Requests, r => Assert.Equal($"Bearer {Key}", r.Headers["Authorization"]));
            Assert.DoesNotContain(Key, run.Output + run.Errors, StringComparison.Ordinal);
            Assert.DoesNotContain(Key, Encoding.Latin1.GetString(File.ReadAllBytes(_scratch["a.db"])), StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable(ServerAddress.KeyVariable, null);
        }
    }

    [Fact]
    public void WithoutAServerThereIsNoStore()
    {
        var address = _server.Address;
        _server.Dispose();

        var run = CommandRun.Of("reason", _scratch["data"], "--model", address.ToString(), "--out", _scratch["a.db"], "--give-up-after", "0.5");

        Assert.Equal(6, run.Code);
        Assert.Matches($@"\Aerror: {address}v1/models could not be asked \(.*refused.*\), for 0\.5 s\. Is the server up, and is the address right\? Run the command again to go on\.\n\z", run.Errors);
        Assert.False(File.Exists(_scratch["a.db"]));
    }

    [Theory]
    [InlineData("--device is for models from disk; --model is a server.", "--model", "http://127.0.0.1:1", "--device", "cpu")]
    [InlineData("--workers is for models from disk; --model is a server.", "--model", "http://127.0.0.1:1", "--workers", "2")]
    [InlineData("--layer is for models from disk; --model is a server.", "--model", "http://127.0.0.1:1", "--layer", "3")]
    [InlineData("--state-server is for servers; --model is a file or a folder. A server's address starts with http:// or https://.", "--model", "m.gguf", "--state-server", "http://127.0.0.1:1")]
    [InlineData("--state-server is 'localhost:8081', expected an address such as http://127.0.0.1:8080.", "--model", "http://127.0.0.1:1", "--state-server", "localhost:8081")]
    [InlineData("--max-cost needs a price list (--prices FILE).", "--model", "http://127.0.0.1:1", "--max-cost", "3")]
    [InlineData("--concurrency is 0, expected 1 or more.", "--model", "http://127.0.0.1:1", "--concurrency", "0")]
    [InlineData("--give-up-after is 0, expected seconds from 0.01 to 86400 (a day).", "--model", "http://127.0.0.1:1", "--give-up-after", "0")]
    [InlineData("--give-up-after is 86401, expected seconds from 0.01 to 86400 (a day).", "--model", "http://127.0.0.1:1", "--give-up-after", "86401")]
    [InlineData("--timeout is 8640000000, expected seconds from 0.01 to 86400 (a day).", "--model", "http://127.0.0.1:1", "--timeout", "8640000000")]
    [InlineData("--timeout is -1, expected seconds from 0.01 to 86400 (a day).", "--model", "http://127.0.0.1:1", "--timeout", "-1")]
    [InlineData("--timeout is 0, expected seconds from 0.01 to 86400 (a day).", "--model", "http://127.0.0.1:1", "--timeout", "0")]
    [InlineData("--timeout is NaN, expected seconds from 0.01 to 86400 (a day).", "--model", "http://127.0.0.1:1", "--timeout", "NaN")]
    [InlineData("--timeout is '100000d', expected a number like 0.001.", "--model", "http://127.0.0.1:1", "--timeout", "100000d")]
    [InlineData("--max-tokens-total is -5, expected a number above 0.", "--model", "m.gguf", "--max-tokens-total", "-5")]
    [InlineData("--state-model-name and --state-dialect are for a second server (--state-server URL); it may have the address of the first.", "--model", "http://127.0.0.1:1", "--state-dialect", "vllm")]
    [InlineData("--dialect is 'lama-cpp', expected one of: llama-cpp, vllm, openai. Did you mean 'llama-cpp'?", "--model", "http://127.0.0.1:1", "--dialect", "lama-cpp")]
    public void OptionsThatDoNotGoTogetherAreRefused(string sentence, params string[] options)
    {
        var run = CommandRun.Of(["reason", _scratch["data"], "--out", _scratch["a.db"], .. options]);

        Assert.StartsWith($"error: {sentence}\n", run.Errors, StringComparison.Ordinal);
        Assert.Equal(2, run.Code);
    }

    [Fact]
    public void TheLongestTimesAreTakenByEveryTimer() => CommandRun.Succeeding(Reason("a.db", "--timeout", "86400", "--give-up-after", "86400"));

    [Fact]
    public void ALimitThatTheFirstPromptExceedsIsAWrongLimitAndNotAUsedOne()
    {
        var run = CommandRun.Of(Reason("a.db", "--max-tokens-total", "100"));

        Assert.Equal((2, 0), (run.Code, Asked));
        Assert.Matches(@"\Aerror: The first prompt may take [\d,]+ tokens, and --max-tokens-total allows 100: nothing was asked\. Allow more\. Of 33 prompts 0 are stored", run.Errors);
    }

    [Fact]
    public void APlanGoesOnWithoutThePromptsOfItsProbeThatAreNotAnsweredAndSaysSo()
    {
        var left = 2;
        _server.Instead = request => request.Path == "/v1/chat/completions" && Interlocked.Decrement(ref left) == 0
            ? new TestResponse("""{"error":{"message":"not this one"}}""", 400)
            : null;
        string[] plan = ["knowledge", "plan", _scratch["data"], "--model", _server.Address.ToString(), "--protocol", "train-part", "--concurrency", "1", "--probe", "4"];

        var json = CommandRun.Succeeding([.. plan, "--json"]).Json.GetProperty("time");
        left = 2;
        var forPeople = CommandRun.Succeeding(plan);
        _server.Instead = request => request.Path == "/v1/chat/completions" ? new TestResponse("""{"error":{"message":"none"}}""", 400) : null;
        var none = CommandRun.Of(plan);

        Assert.Equal((3, 1), (json.GetProperty("probedPrompts").GetInt32(), json.GetProperty("skippedPrompts").GetInt32()));
        Assert.Matches(@"skipped +1 prompts of the probe, whose answers cannot be used\. The first: .*not this one", forPeople.Output);
        Assert.Equal((4, ""), (none.Code, none.Output));
        Assert.Contains("(400: none)", none.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void AStateThatAServerDoesNotGiveIsRefused() => CommandRun.Of(Reason("a.db", "--state", "after_last_token")).AssertFails(
        FaultKind.Usage, "--state is after_last_token, which 'tiny.gguf' does not give. It gives: read_again.");

    private int Asked => _server.Http.CountOf("/v1/chat/completions");

    private string[] Reason(string store, params string[] more) =>
        ["reason", _scratch["data"], "--model", _server.Address.ToString(), "--out", _scratch[store], "--protocol", "train-part", .. more];

    /// <summary>What the server says that a request took, and as much again for reading it a second time.</summary>
    private static int TokensOf(TestRequest request) => 2 * (request.Json["messages"]![0]!["content"]!.GetValue<string>().Length / 4 + 7);

    private List<string> Rows(string name)
    {
        using var store = KnowledgeStore.OpenForReading(_scratch[name]);
        return [.. store.Records().Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.Key} {r.AsOfRank}"))];
    }

    private static (int Prompts, int AlreadyStored, int Asked) Counts(CommandRun run) => (
        run.Json.GetProperty("prompts").GetInt32(), run.Json.GetProperty("alreadyStored").GetInt32(), run.Json.GetProperty("asked").GetInt32());
}
