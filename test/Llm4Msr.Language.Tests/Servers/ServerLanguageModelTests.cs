using System.Net.Sockets;
using System.Text;
using CsCheck;
using Llm4Msr.Language.Servers;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Language.Tests.Servers;

/// <summary>Goals F7, R2 and R6: a server that speaks each dialect, and one that does not behave.</summary>
public sealed class ServerLanguageModelTests : IDisposable
{
    private static readonly ChatPrompt s_prompt = new("What does user 7 like?");
    private static readonly GenerationOptions s_generation = new(MaxNewTokens: 20);
    private static readonly string s_text = ModelServer.TextFor(s_prompt.UserText);

    /// <summary>As patient as by default in tries, in no hurry to give up, and quick.</summary>
    private static readonly Patience s_quick = new()
    {
        FirstWait = TimeSpan.FromMilliseconds(1),
        LongestWait = TimeSpan.FromMilliseconds(5),
        OneTry = TimeSpan.FromSeconds(20),
        Chance = () => 0.5,
    };

    private readonly ModelServer _server = new(ServerDialect.Vllm);

    public void Dispose() => _server.Dispose();

    [Fact]
    public void LlamaCppIsAskedForTheTextThenForTheStateOfTheFramedPromptAndTheText()
    {
        using var server = new ModelServer(ServerDialect.LlamaCpp);
        using var model = Connect(server.Address);
        var before = server.Http.Requests.Count;

        var answer = Ask(model);

        Assert.Equal(s_text, answer.Text);
        Assert.Equal(ModelServer.StateFor($"<user>{s_prompt.UserText}<assistant>{s_text}"), answer.States[HiddenStateDefinition.ReadAgain]);
        Assert.Equal((5, 7, 12), (answer.PromptTokens, answer.NewTokens, answer.TokensReadAgain)); // llama.cpp does not say what it read
        Assert.Equal(
            [
                ("/v1/chat/completions", """{"model":"/models/tiny.gguf","messages":[{"role":"user","content":"What does user 7 like?"}],"max_tokens":20,"temperature":0}"""),
                ("/apply-template", """{"messages":[{"role":"user","content":"What does user 7 like?"}]}"""),
                ("/embedding", $$"""{"content":"\u003Cuser\u003EWhat does user 7 like?\u003Cassistant\u003E{{s_text}}","embd_normalize":-1}"""),
            ],
            server.Http.Requests.Skip(before).Select(r => (r.Path, r.Body)));
        Assert.Equal(("tiny.gguf", $"by the server: llama-cpp with template {FileHash.Of("a template")[..12]}, states llama-cpp", 2048, ModelServer.Width),
            (model.Identity.Name, model.Identity.ChatFormat, model.ContextLength, model.HiddenSize));
    }

    [Fact]
    public void VllmIsAskedToGoOnWithTheTextAsTheLastMessageAndNotToNormalise()
    {
        using var model = Connect(_server.Address);

        var answer = Ask(model);

        const string Messages = """[{"role":"user","content":"What does user 7 like?"},{"role":"assistant","content":"TEXT"}]""";
        var messages = Messages.Replace("TEXT", s_text, StringComparison.Ordinal);
        Assert.Equal(ModelServer.StateFor(messages), answer.States[HiddenStateDefinition.ReadAgain]);
        Assert.Equal(100, answer.TokensReadAgain);
        Assert.Equal(
            $$"""{"model":"org/tiny","messages":{{messages}},"task":"embed","use_activation":false,"encoding_format":"float","add_generation_prompt":false,"continue_final_message":true}""",
            _server.Http.Requests[^1].Body);
        Assert.Equal(("org/tiny", "by the server: vllm, states vllm", 4096), (model.Identity.Name, model.Identity.ChatFormat, model.ContextLength));
    }

    [Fact]
    public void AnOpenAiServerIsGivenPromptAndTextAsOneAndNeedsNamesAndAContextLength()
    {
        using var server = new ModelServer(ServerDialect.Openai);
        using var model = Connect(new ServerOptions(new ServerAddress(server.Address, "tiny")) { ContextLength = 500, Patience = s_quick });

        Assert.Equal(ModelServer.StateFor($"{s_prompt.UserText}\n\n{s_text}"), Ask(model).States[HiddenStateDefinition.ReadAgain]);
        Assert.Equal(500, model.ContextLength);
        AssertRefused(FaultKind.Usage, "has 2 models. Name one of them .*: tiny, other", () => Connect(server.Address));
        AssertRefused(FaultKind.Usage, @"does not say how many tokens its model 'tiny' reads\. Name the context length \(--context\)",
            () => Connect(new ServerOptions(new ServerAddress(server.Address, "tiny")) { Patience = s_quick }));
        AssertRefused(FaultKind.Usage, @"cannot do\. Leave the section \[answer\] out", () => Ask(model, new("Hello", "I am")));
    }

    [Fact]
    public void AnOpeningOfTheAnswerIsGoneOnWithAndReadAgainBeforeTheText()
    {
        using var model = Connect(_server.Address);

        Ask(model, s_prompt with { AnswerOpening = "They like " });

        var (chat, state) = (_server.Http.Requests[^2].Json, _server.Http.Requests[^1].Json);
        Assert.Equal(("They like ", true, false), (chat["messages"]![1]!["content"]!.GetValue<string>(), chat["continue_final_message"]!.GetValue<bool>(), chat["add_generation_prompt"]!.GetValue<bool>()));
        Assert.Equal($"They like {s_text}", state["messages"]![1]!["content"]!.GetValue<string>());
    }

    [Fact]
    public void DrawsGoByTheKeyAndTheSeedWhateverIsAskedBeside()
    {
        using var model = Connect(_server.Address);

        model.Generate([s_prompt, s_prompt], s_generation with { Sampling = new Sampling(0.7, 0.9, 5, ["a", "b"]) }, TestContext.Current.CancellationToken);
        Ask(model, s_prompt, new Sampling(0.7, 0.9, 5, ["b"]));

        var asked = _server.Http.Requests.Where(r => r.Path == "/v1/chat/completions").Select(r => r.Json).ToList();
        Assert.All(asked, a => Assert.Equal((0.7, 0.9), (a["temperature"]!.GetValue<double>(), a["top_p"]!.GetValue<double>())));
        Assert.Equal(asked[1]["seed"]!.GetValue<int>(), asked[2]["seed"]!.GetValue<int>());
        Assert.NotEqual(asked[0]["seed"]!.GetValue<int>(), asked[1]["seed"]!.GetValue<int>());
    }

    [Fact]
    public void TextAndStateMayComeFromTwoServersAndEachGetsItsOwnKeyOnly()
    {
        using var states = new ModelServer(ServerDialect.LlamaCpp);
        using var model = Connect(new ServerOptions(
            new ServerAddress(new Uri(_server.Address, "v1/"), Key: "first-key"), new ServerAddress(states.Address, Key: "second-key"))
        { Patience = s_quick });

        Assert.Equal(ModelServer.StateFor($"<user>{s_prompt.UserText}<assistant>{s_text}"), Ask(model).States[HiddenStateDefinition.ReadAgain]);

        Assert.Equal(("org/tiny, states by tiny.gguf", 2048), (model.Identity.Name, model.ContextLength));
        Assert.Equal(0, _server.Http.CountOf("/pooling"));
        Assert.Equal(0, states.Http.CountOf("/v1/chat/completions"));
        Assert.All(_server.Http.Requests, r => Assert.Equal("Bearer first-key", r.Headers["Authorization"]));
        Assert.All(states.Http.Requests, r => Assert.Equal("Bearer second-key", r.Headers["Authorization"]));
    }

    [Fact]
    public void TokensAreCountedByARuleSoThatPromptsAreCutTheSameWayEverywhere()
    {
        using var model = Connect(_server.Address);

        Assert.Equal(64 + 3, model.CountTokens(new("12345")));
        Assert.Equal(64 + 5, model.CountTokens(new("12345", "6789")));
        Assert.Equal("a€", model.Cut("a€b€", 2)); // 1 + 3 bytes
        Assert.Equal("a", model.Cut("a€", 1));
        Assert.Equal("ab", model.Cut("ab", 1));
    }

    public static TheoryData<string, FaultKind, string> BadChats => new()
    {
        { """{"choices":[{"message":{"content":"a"}}]""", FaultKind.BadInput, "is not JSON" },
        { """{"choices":[{"message":{"content":"a"}}],"choices":[]}""", FaultKind.BadInput, "is not JSON .*[Dd]uplicate" },
        { """{"choices":[]}""", FaultKind.BadInput, "'choices' that has 0 elements, expected one" },
        { """{"choices":[{"message":{"content":"a"}},{"message":{"content":"b"}}]}""", FaultKind.BadInput, "'choices' that has 2 elements, expected one" },
        { """{"choices":[{"index":1,"message":{"content":"a"}}]}""", FaultKind.BadInput, @"'choices\[0\]\.index' that is 1, expected 0" },
        { """{"choices":[{"message":{"content":null}}]}""", FaultKind.BadInput, @"'choices\[0\]\.message' that has no 'content'" },
        { """{"choices":[{"message":{}}]}""", FaultKind.BadInput, @"'choices\[0\]\.message' that has no 'content'" },
        { """{"choices":[{"message":{"content":" \n"}}]}""", FaultKind.BadInput, @"'choices\[0\]\.message\.content' that is an empty text" },
        { """{"choices":[{"message":{"content":7}}]}""", FaultKind.BadInput, @"'choices\[0\]\.message\.content' that is not a text" },
        { """{"choices":[{"message":{"content":"\ud800"}}]}""", FaultKind.BadInput, "is text that is not Unicode" },
        { """{"choices":[{"message":{"content":"a"}}],"usage":{"prompt_tokens":-1}}""", FaultKind.BadInput, @"'usage\.prompt_tokens' that is not a whole number from 0" },
        { "[]", FaultKind.BadInput, "has no 'choices'" },
        { "", FaultKind.BadInput, "is not JSON" },
        { new string('[', 100), FaultKind.BadInput, "is not JSON" },
    };

    [Theory, MemberData(nameof(BadChats))]
    public void ATextThatCannotBeUsedIsRefusedByAddressAndPlaceAndNotAskedAgain(string body, FaultKind kind, string message)
    {
        using var model = Connect(_server.Address);
        _server.Instead = request => request.Path == "/v1/chat/completions" ? new TestResponse(body) : null;

        AssertRefused(kind, $@"\AThe answer of {_server.Address}v1/chat/completions cannot be used: it .*{message}.*\. Nothing of it was stored\.", () => Ask(model));

        Assert.Equal(1, _server.Http.CountOf("/v1/chat/completions"));
    }

    [Theory]
    [InlineData("[NaN,1,2,3,4,5,6,7]", "is not JSON")]
    [InlineData("[null,1,2,3,4,5,6,7]", @"'data\[0\]\.data\[0\]' that is null, expected a finite number")]
    [InlineData("[0,1,2,3,4,5,6,1e99]", @"'data\[0\]\.data\[7\]' that is 1e99, expected a finite number")]
    [InlineData("""["NaN",1,2,3,4,5,6,7]""", @"that is ""NaN"", expected a finite number")]
    [InlineData("[]", @"'data\[0\]\.data' that is empty")]
    [InlineData("[[]]", @"'data\[0\]\.data\[0\]' that is empty")]
    [InlineData("null", @"'data\[0\]' that has no 'data'")]
    [InlineData("\"AAAA\"", @"'data\[0\]\.data' that is not a list")]
    [InlineData("[1,2,3,4,5,6,7]", "a state has 7 values, those before it had 8")]
    [InlineData("[1,2,3,4,5,6,7,8,9]", "a state has 9 values, those before it had 8")]
    [InlineData("[0,0,0,0,0,0,0,0]", "a state is 0 at every position")]
    [InlineData("[2,2,2,2,2,2,2,2]", "a state is 2 at every position")]
    [InlineData("[1e-3,0,0,0,0,0,0,0]", "a state has the length 0.001, those of the first texts had")]
    [InlineData("[1e6,0,0,0,0,0,0,0]", "a state has the length 1000000, those of the first texts had")]
    public void AStateThatCannotBeUsedIsRefused(string state, string message)
    {
        using var model = Connect(_server.Address);
        _server.Instead = request => request.Path == "/pooling" ? new TestResponse($$"""{"data":[{"index":0,"data":{{state}}}]}""") : null;

        AssertRefused(FaultKind.BadInput, $"{_server.Address}.* cannot be used: .*{message}.*Nothing of it was stored", () => Ask(model));
    }

    [Theory]
    [InlineData(ServerDialect.LlamaCpp, "embd_normalize")]
    [InlineData(ServerDialect.Vllm, "use_activation")]
    [InlineData(ServerDialect.Openai, "--state-server")]
    public void NormalisedStatesAreRefusedBeforeAnythingIsAskedWithTheWayOut(ServerDialect dialect, string wayOut)
    {
        using var server = new ModelServer(dialect) { Change = state => [.. state.Select(v => v / MathF.Sqrt(state.Sum(w => w * w)))] };

        AssertRefused(FaultKind.BadInput, $"The states of {server.Address} cannot be used: the vectors of 3 different texts all have the length 1: they were normalised.*{wayOut}",
            () => Connect(new ServerOptions(new ServerAddress(server.Address, dialect == ServerDialect.Openai ? "tiny" : null)) { ContextLength = 900, Patience = s_quick }));

        Assert.Equal(0, server.Http.CountOf("/v1/chat/completions"));
    }

    [Fact]
    public void StatesThatAreTheSameForDifferentTextsAreRefusedAtOnceOrWhenTheyBecomeSo()
    {
        using var model = Connect(_server.Address);
        Ask(model);
        Ask(model); // the same text has the same state, and that is right
        float[] one = [1, 2, 3, -4, 0, 0, 1, 1];
        _server.Change = _ => one;
        Ask(model);

        AssertRefused(FaultKind.BadInput, "two different texts have the very same state.*--pooling last", () => Ask(model, new("Another question")));
        AssertRefused(FaultKind.BadInput, "two different texts have the very same state", () => Connect(_server.Address));
    }

    [Theory]
    [InlineData(true, "/v1/chat/completions", 200, """{"choices":[{"message":{"content":""}}]}""")]
    [InlineData(true, "/v1/chat/completions", 400, """{"error":"this prompt is not for me"}""")]
    [InlineData(true, "/pooling", 400, """{"error":{"message":"input is too large to process"}}""")]
    [InlineData(true, "/pooling", 200, """{"data":[{"index":0,"data":[null,1,2,3,4,5,6,7]}]}""")]
    [InlineData(true, "/pooling", 200, """{"data":[{"index":0,"data":[2,2,2,2,2,2,2,2]}]}""")]
    [InlineData(true, "/pooling", 200, """{"data":[{"index":0,"data":[1e6,0,0,0,0,0,0,0]}]}""")]
    [InlineData(false, "/pooling", 200, """{"data":[{"index":0,"data":[1,2,3,4,5,6,7]}]}""")]
    [InlineData(false, "/pooling", 401, "{}")]
    [InlineData(false, "/v1/chat/completions", 404, "{}")]
    public void AFaultOfOnePromptIsToldFromOneOfTheServer(bool ofOnePrompt, string path, int status, string body)
    {
        using var model = Connect(_server.Address);
        _server.Instead = request => request.Path == path ? new TestResponse(body, status) : null;

        Assert.Equal(ofOnePrompt, Assert.Throws<Llm4MsrException>(() => Ask(model)).IsOfOneInput);
    }

    public static TheoryData<int, FaultKind, string, int> Statuses => new()
    {
        { 400, FaultKind.BadInput, @"does not accept the request \(400: no good\)\..*--context", 1 },
        { 401, FaultKind.Usage, "refuses the request .*environment variable LLM4MSR_API_KEY", 1 },
        { 403, FaultKind.Usage, "refuses the request .*environment variable LLM4MSR_API_KEY", 1 },
        { 404, FaultKind.Usage, @"is not there \(404: no good\)\..*--dialect.*--state-server", 1 },
        { 501, FaultKind.Usage, @"is not there \(501: no good\)\..*started so that it offers this", 1 },
        { 413, FaultKind.BadInput, "does not accept the request", 1 },
        { 408, FaultKind.ResourceMissing, @"answered with 408: no good, in each of 5 tries\. Is the server up.*Run the command again to go on", 5 },
        { 429, FaultKind.ResourceMissing, "answered with 429: no good, in each of 5 tries", 5 },
        { 500, FaultKind.ResourceMissing, "answered with 500: no good, in each of 5 tries", 5 },
        { 503, FaultKind.ResourceMissing, "answered with 503: no good, in each of 5 tries", 5 },
    };

    [Theory, MemberData(nameof(Statuses))]
    public void WhatMayPassIsTriedFiveTimesAndNothingElse(int status, FaultKind kind, string message, int calls)
    {
        using var model = Connect(_server.Address);
        _server.Instead = request => request.Path == "/v1/chat/completions" ? new TestResponse("""{"error":{"message":"no good"}}""", status) : null;

        AssertRefused(kind, $"{_server.Address}v1/chat/completions {message}", () => Ask(model));

        Assert.Equal(calls, _server.Http.CountOf("/v1/chat/completions"));
    }

    [Fact]
    public void ATextThatIsLongerThanLlamaCppsBatchIsNotTriedAgain()
    {
        using var model = Connect(_server.Address);
        _server.Instead = request => request.Path == "/pooling" ? new TestResponse("""{"error":{"message":"input is too large to process. increase the physical batch size"}}""", 500) : null;

        AssertRefused(FaultKind.BadInput, @"cannot read a text of this length.*\(-ub\)", () => Ask(model));

        Assert.Equal(1 + StateCheck.Probes.Count, _server.Http.CountOf("/pooling"));
    }

    [Theory]
    [InlineData("never answers")]
    [InlineData("resets the connection")]
    [InlineData("closes the connection")]
    [InlineData("cuts the body")]
    [InlineData("cuts the chunks")]
    [InlineData("drips")]
    [InlineData("says no HTTP")]
    public void WhatBreaksOnTheWayIsTriedAgainAndTheAnswerIsWhatItWouldHaveBeen(string fault)
    {
        using var over = new CancellationTokenSource();
        var left = 2;
        using var model = Connect(_server.Address, s_quick with { OneTry = TimeSpan.FromSeconds(0.5) });
        _server.Instead = request => request.Path == "/v1/chat/completions" && Interlocked.Decrement(ref left) >= 0 ? Broken(fault, over.Token) : null;

        var answer = Ask(model);
        over.Cancel();

        Assert.Equal((s_text, 3), (answer.Text, _server.Http.CountOf("/v1/chat/completions")));
    }

    [Theory]
    [InlineData("never answers", @"did not finish an answer within 0\.3 s")]
    [InlineData("drips", @"did not finish an answer within 0\.3 s")]
    [InlineData("resets the connection", @"could not be asked \(")]
    [InlineData("cuts the body", @"could not be asked \(")]
    [InlineData("says no HTTP", @"could not be asked \(")]
    public void WhatGoesOnBreakingIsGivenUp(string fault, string message)
    {
        using var over = new CancellationTokenSource();
        using var model = Connect(_server.Address, s_quick with { OneTry = TimeSpan.FromSeconds(0.3), Tries = 3 });
        _server.Instead = request => request.Path == "/v1/chat/completions" ? Broken(fault, over.Token) : null;

        AssertRefused(FaultKind.ResourceMissing, $"{_server.Address}v1/chat/completions {message}.*, in each of 3 tries", () => Ask(model));
        over.Cancel();

        Assert.Equal(3, _server.Http.CountOf("/v1/chat/completions"));
    }

    [Fact]
    public void AHugeOrEndlessBodyIsNotReadBeyondTheLimit()
    {
        var sent = 0L;
        using var model = Connect(new ServerOptions(new ServerAddress(_server.Address)) { MaxResponseBytes = 1 << 20, Patience = s_quick });
        var chunk = Encoding.ASCII.GetBytes("10000\r\n" + new string(' ', 0x10000) + "\r\n");
        _server.Instead = request => request.Path == "/v1/chat/completions" ? TestResponse.Disorderly(length: null, socket =>
        {
            while (sent < 1L << 30)
            {
                socket.Send(chunk);
                Interlocked.Add(ref sent, chunk.Length);
            }
        }) : null;

        AssertRefused(FaultKind.BadInput, "answers with more than 1048576 bytes, of which nothing is used.*--pooling last", () => Ask(model));

        Assert.InRange(Interlocked.Read(ref sent), 1 << 20, 64 << 20); // what lies in buffers on the way is sent too
        _server.Instead = request => request.Path == "/v1/chat/completions" ? TestResponse.Disorderly(length: 1 << 30, _ => { }) : null;
        AssertRefused(FaultKind.BadInput, "answers with more than 1048576 bytes", () => Ask(model));
        Assert.Equal(2, _server.Http.CountOf("/v1/chat/completions"));
    }

    [Fact]
    public void NoRedirectIsFollowed()
    {
        using var elsewhere = new ModelServer();
        using var model = Connect(_server.Address);
        _server.Instead = request => request.Path == "/v1/chat/completions" ? new TestResponse("", 307, Headers: $"Location: {elsewhere.Address}v1/chat/completions\r\n") : null;

        AssertRefused(FaultKind.Usage, $"answers with a redirect to '{elsewhere.Address}v1/chat/completions', and none is followed", () => Ask(model));

        Assert.Empty(elsewhere.Http.Requests);
    }

    [Fact]
    public void AnotherContentTypeIsRefused()
    {
        using var model = Connect(_server.Address);
        _server.Instead = request => request.Path == "/v1/chat/completions" ? new TestResponse("<html>Sign in</html>", ContentType: "text/html") : null;

        AssertRefused(FaultKind.BadInput, "is of the type 'text/html', expected 'application/json'", () => Ask(model));
    }

    [Fact]
    public void AServerThatAsksForALongerPauseThanThereIsPatienceIsGivenUpAtOnce()
    {
        using var model = Connect(_server.Address);
        _server.Instead = request => request.Path == "/v1/chat/completions" ? new TestResponse("{}", 429, Headers: "Retry-After: 3600\r\n") : null;

        AssertRefused(FaultKind.ResourceMissing, "answered with 429: .*wants to be left alone for 3600 s", () => Ask(model));

        Assert.Equal(1, _server.Http.CountOf("/v1/chat/completions"));
    }

    [Fact]
    public void APauseThatAServerAsksForIsKept()
    {
        var asked = new List<long>();
        using var model = Connect(_server.Address);
        _server.Instead = request =>
        {
            if (request.Path != "/v1/chat/completions")
                return null;
            asked.Add(Environment.TickCount64);
            return asked.Count == 1 ? new TestResponse("{}", 429, Headers: "Retry-After: 1\r\n") : null;
        };

        Ask(model);

        Assert.Equal(2, asked.Count);
        Assert.True(asked[1] - asked[0] >= 950, "the next try came before the second was over"); // the waits of s_quick are milliseconds
    }

    [Fact]
    public void AServerThatGoesOnFailingIsLeftAloneAndAskedOncePerBreak()
    {
        var patience = s_quick with { Break = TimeSpan.FromSeconds(1), GiveUpAfter = TimeSpan.FromSeconds(3.5) };
        using var model = Connect(_server.Address, patience);
        _server.Instead = _ => new TestResponse("{}", 500);
        var before = _server.Http.Requests.Count;

        var faults = Enumerable.Range(0, 6).AsParallel().WithDegreeOfParallelism(6).Select(i => Record.Exception(() => Ask(model, new($"Question {i}")))).ToList();

        Assert.All(faults, fault => Assert.Equal(FaultKind.ResourceMissing, Assert.IsType<Llm4MsrException>(fault).Kind));
        var calls = _server.Http.Requests.Count - before;
        Assert.InRange(calls, patience.CallsBeforeBreak - before, patience.CallsBeforeBreak + 6 + 3); // those under way when it broke, and a probe a break
    }

    [Fact]
    public void AServerThatComesBackAfterABreakIsAskedOnAndNobodyIsRefused()
    {
        using var model = Connect(_server.Address, s_quick with { Break = TimeSpan.FromSeconds(0.5), GiveUpAfter = TimeSpan.FromSeconds(60) });
        var left = 14;
        _server.Instead = _ => Interlocked.Decrement(ref left) >= 0 ? new TestResponse("{}", 500) : null;

        var answers = Enumerable.Range(0, 4).AsParallel().WithDegreeOfParallelism(4).Select(i => (Prompt: $"Question {i}", Answer: Ask(model, new($"Question {i}")))).ToList();

        Assert.All(answers, a => Assert.Equal(ModelServer.TextFor(a.Prompt), a.Answer.Text));
    }

    [Theory]
    [InlineData("http://169.254.169.254/")]
    [InlineData("http://2852039166/")] // the same as one number
    [InlineData("http://0xA9FEA9FE/")]
    [InlineData("http://[::ffff:169.254.169.254]/")]
    [InlineData("http://[fe80::1]/")]
    public void AddressesOfAMachinesOwnSurroundingsAreNotReached(string address) =>
        AssertRefused(FaultKind.Usage, "link-local address", () => Connect(new Uri(address)));

    [Fact]
    public void AHostThatIsNotAllowedIsNotAsked()
    {
        AssertRefused(FaultKind.Usage, "The host '127.0.0.1' is not among those that may be reached: llm.example.com",
            () => Connect(new ServerOptions(new ServerAddress(_server.Address)) { AllowedHosts = ["llm.example.com"] }));

        Assert.Empty(_server.Http.Requests);
    }

    [Theory]
    [InlineData("ftp://host/")]
    [InlineData("http://name:word@host/")]
    [InlineData("http://host/?key=1")]
    public void AnAddressHasNothingInItButAnAddress(string address) =>
        AssertRefused(FaultKind.Usage, "The address of a server is", () => Connect(new Uri(address)));

    [Fact]
    public void AKeyGoesToAnotherMachineWithTlsOnly() => AssertRefused(FaultKind.Usage, @"The key of LLM4MSR_API_KEY would go to http://llm\.example\.com/ without encryption.*--insecure",
        () => Connect(new ServerOptions(new ServerAddress(new Uri("http://llm.example.com"), Key: "secret-key"))));

    [Fact]
    public void AKeyIsInNoMessage()
    {
        _server.Instead = request => new TestResponse($$"""{"detail":"the key {{request.Headers["Authorization"]}} is unknown"}""", 401);

        var error = AssertRefused(FaultKind.Usage, @"the key Bearer \(the key\) is unknown",
            () => Connect(new ServerOptions(new ServerAddress(_server.Address, Key: "secret-key")) { Patience = s_quick }));

        Assert.DoesNotContain("secret-key", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("secret-key", new ServerAddress(_server.Address, Key: "secret-key").ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void CancellingEndsTheWaitForAnAnswer()
    {
        using var stop = new CancellationTokenSource();
        using var over = new CancellationTokenSource();
        using var model = Connect(_server.Address);
        _server.Instead = _ =>
        {
            stop.Cancel();
            return Broken("never answers", over.Token);
        };

        Assert.ThrowsAny<OperationCanceledException>(() => model.Generate([s_prompt], s_generation, stop.Token));
        over.Cancel();
    }

    [Fact]
    public void AnyDamageOfAnAnswerIsAnAnswerOrANamedError()
    {
        const string Chat = """{"choices":[{"index":0,"message":{"role":"assistant","content":"Likes films."}}],"usage":{"prompt_tokens":9,"completion_tokens":3}}""";
        const string State = """{"data":[{"index":0,"data":[0.5,-1.25,2e0,3,4,5,6,7.5]}],"usage":{"prompt_tokens":12}}""";
        using var model = Connect(_server.Address, s_quick with { Tries = 2, CallsBeforeBreak = int.MaxValue });
        var (body, path) = ("", "");
        _server.Instead = request => request.Path == path ? new TestResponse(body) : null;

        Gen.Select(Gen.Bool, Gen.Int[0, 200], Gen.Int[0, 40], Gen.Char[' ', '~'].Array[0, 6]).Sample((ofState, at, length, put) =>
        {
            (path, var whole) = ofState ? ("/pooling", State) : ("/v1/chat/completions", Chat);
            at = Math.Min(at, whole.Length);
            body = whole.Remove(at, Math.Min(length, whole.Length - at)).Insert(at, new string(put));
            try
            {
                var answer = Ask(model);
                Assert.Equal(ModelServer.Width, answer.States[HiddenStateDefinition.ReadAgain].Length);
                Assert.All(answer.States[HiddenStateDefinition.ReadAgain], value => Assert.True(float.IsFinite(value)));
            }
            catch (Llm4MsrException e)
            {
                Assert.Contains(_server.Address.Authority, e.Message, StringComparison.Ordinal);
            }
        }, iter: 2500, threads: 1);
    }

    private static ServerLanguageModel Connect(Uri address, Patience? patience = null) =>
        Connect(new ServerOptions(new ServerAddress(address)) { Patience = patience ?? s_quick });

    private static ServerLanguageModel Connect(ServerOptions options) => ServerLanguageModel.Connect(options, TestContext.Current.CancellationToken);

    private static Answer Ask(ServerLanguageModel model) => Ask(model, s_prompt);

    private static Answer Ask(ServerLanguageModel model, ChatPrompt prompt, Sampling? sampling = null) =>
        model.Generate([prompt], s_generation with { Sampling = sampling }, TestContext.Current.CancellationToken)[0];

    private static Llm4MsrException AssertRefused(FaultKind kind, string message, Action action)
    {
        var error = Assert.Throws<Llm4MsrException>(action);
        Assert.Matches(message, error.Message);
        Assert.Equal(kind, error.Kind);
        return error;
    }

    private static TestResponse Broken(string fault, CancellationToken over) => fault switch
    {
        "never answers" => new("", Write: _ => over.WaitHandle.WaitOne()),
        "resets the connection" => new("", Write: socket => socket.LingerState = new LingerOption(true, 0)),
        "closes the connection" => new("", Write: _ => { }),
        "cuts the body" => TestResponse.Disorderly(length: 500, socket => socket.Send("""{"choices":["""u8)),
        "cuts the chunks" => TestResponse.Disorderly(length: null, socket => socket.Send("5\r\n{\"cho\r\n"u8)),
        "drips" => TestResponse.Disorderly(length: 5000, socket =>
        {
            while (!over.IsCancellationRequested)
            {
                socket.Send(" "u8);
                over.WaitHandle.WaitOne(20);
            }
        }),
        "says no HTTP" => new("", Write: socket => socket.Send("220 mail.example.com ESMTP\r\n"u8)),
        _ => throw new ArgumentOutOfRangeException(nameof(fault)),
    };
}
