using System.Text.Json.Nodes;
using Llm4Msr.Language.Servers;
using Llm4Msr.Platform;

namespace Llm4Msr.Testing;

/// <summary>A server of each dialect, with a model whose answers and states are made from what it is asked.</summary>
internal sealed class ModelServer : IDisposable
{
    public const int Width = 8;

    private readonly ServerDialect _dialect;
    private readonly TestServer _server;

    public ModelServer(ServerDialect dialect = ServerDialect.Vllm)
    {
        _dialect = dialect;
        _server = new TestServer(request => Instead?.Invoke(request) ?? Answer(request));
    }

    /// <summary>What it says in place of the right answer; null for the right one.</summary>
    public Func<TestRequest, TestResponse?>? Instead { get; set; }

    /// <summary>What becomes of a state before it is sent.</summary>
    public Func<float[], float[]> Change { get; set; } = state => state;

    public Uri Address => _server.Address;

    public TestServer Http => _server;

    public string StatePath => _dialect switch { ServerDialect.LlamaCpp => "/embedding", ServerDialect.Vllm => "/pooling", _ => "/v1/embeddings" };

    /// <summary>What the model says to a prompt.</summary>
    public static string TextFor(string prompt) => $"Says {FileHash.Of(prompt)[..6]}.";

    /// <summary>The state of whatever the dialect sends it, [8].</summary>
    public static float[] StateFor(string read)
    {
        var hash = Convert.FromHexString(FileHash.Of(read));
        return [.. Enumerable.Range(0, Width).Select(i => (hash[2 * i] * 256 + hash[2 * i + 1] - 32768) / 8192f)];
    }

    public void Dispose() => _server.Dispose();

    private TestResponse Answer(TestRequest request) => (request.Path, _dialect) switch
    {
        ("/v1/models", ServerDialect.LlamaCpp) => Models(new JsonObject { ["id"] = "/models/tiny.gguf", ["owned_by"] = "llamacpp" }),
        ("/v1/models", ServerDialect.Vllm) => Models(new JsonObject { ["id"] = "org/tiny", ["owned_by"] = "vllm", ["max_model_len"] = 4096 }),
        ("/v1/models", _) => Models(new JsonObject { ["id"] = "tiny", ["owned_by"] = "someone" }, new JsonObject { ["id"] = "other", ["owned_by"] = "someone" }),
        ("/props", ServerDialect.LlamaCpp) => TestResponse.Of(new JsonObject
        {
            ["chat_template"] = "a template",
            ["default_generation_settings"] = new JsonObject { ["n_ctx"] = 2048 },
        }),
        ("/v1/chat/completions", _) => TestResponse.Of(new JsonObject
        {
            ["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = TextFor(Prompt(request)) } }),
            ["usage"] = new JsonObject { ["prompt_tokens"] = Prompt(request).Length / 4, ["completion_tokens"] = 7 },
        }),
        ("/apply-template", ServerDialect.LlamaCpp) => TestResponse.Of(new JsonObject { ["prompt"] = $"<user>{Prompt(request)}<assistant>" }),
        ("/embedding", ServerDialect.LlamaCpp) => TestResponse.Of(new JsonArray(new JsonObject
        {
            ["index"] = 0,
            ["embedding"] = new JsonArray(Numbers(new float[Width]), State(request.Json["content"]!.GetValue<string>())), // one per token
        })),
        ("/pooling", ServerDialect.Vllm) => TestResponse.Of(new JsonObject
        {
            ["data"] = new JsonArray(new JsonObject { ["index"] = 0, ["object"] = "pooling", ["data"] = State(request.Json["messages"]!.ToJsonString()) }),
            ["usage"] = new JsonObject { ["prompt_tokens"] = 100 },
        }),
        ("/v1/embeddings", ServerDialect.Openai) => TestResponse.Of(new JsonObject
        {
            ["data"] = new JsonArray(new JsonObject { ["index"] = 0, ["embedding"] = State(request.Json["input"]!.GetValue<string>()) }),
            ["usage"] = new JsonObject { ["prompt_tokens"] = 100 },
        }),
        _ => new TestResponse("""{"error":{"message":"File Not Found"}}""", 404),
    };

    private static TestResponse Models(params JsonNode[] models) => TestResponse.Of(new JsonObject { ["object"] = "list", ["data"] = new JsonArray(models) });

    private static string Prompt(TestRequest request) => request.Json["messages"]![0]!["content"]!.GetValue<string>();

    private JsonArray State(string read) => Numbers(Change(StateFor(read)));

    private static JsonArray Numbers(float[] numbers) => [.. numbers.Select(n => (JsonNode)JsonValue.Create(n))];
}
