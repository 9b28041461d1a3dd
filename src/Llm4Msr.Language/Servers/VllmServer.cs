using System.Text.Json.Nodes;

namespace Llm4Msr.Language.Servers;

/// <summary>
/// vLLM. Started with <c>--runner pooling --convert embed</c> it gives the state of the last token from <c>/pooling</c>, behind the
/// final norm; the chat template is applied by the server.
/// </summary>
internal sealed class VllmServer : IServerDialect
{
    public string Name => "vllm";

    public string HowNotToNormalise => "Use a vLLM that knows 'use_activation', or start it with --pooler-config '{\"pooling_type\":\"LAST\",\"use_activation\":false}' ('normalize' in older ones)";

    public Task<ServerModelFacts> Describe(ServerConnection connection, ServerReply listed, CancellationToken cancellation) =>
        Task.FromResult(new ServerModelFacts(listed.Find("max_model_len")?.Count(), ChatTemplate: null));

    public void GoOnWithOpening(JsonObject request)
    {
        request["add_generation_prompt"] = false;
        request["continue_final_message"] = true;
    }

    public async Task<StateReply> Read(ServerConnection connection, string model, ChatPrompt prompt, string answer, CancellationToken cancellation)
    {
        var whole = prompt with { AnswerOpening = prompt.AnswerOpening + answer };
        var request = new JsonObject
        {
            ["model"] = model,
            ["messages"] = ChatCompletions.Messages(whole),
            ["task"] = "embed",
            ["use_activation"] = false,
            ["encoding_format"] = "float",
        };
        if (whole.AnswerOpening.Length > 0)
            GoOnWithOpening(request);
        var reply = await connection.Post("pooling", request, ServerDialects.SecondsToRead, cancellation).ConfigureAwait(false);
        return new StateReply(reply["data"].Only()["data"].Vector(), reply.Find("usage")?.Find("prompt_tokens")?.Count());
    }
}
