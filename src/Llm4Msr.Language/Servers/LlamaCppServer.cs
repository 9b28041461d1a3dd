using System.Text.Json.Nodes;

namespace Llm4Msr.Language.Servers;

/// <summary>
/// llama.cpp's <c>llama-server</c>. Started with <c>--embedding</c> it gives states: of the last token with <c>--pooling last</c>, of
/// every token with <c>--pooling none</c>, of which the last is taken. Its states come from behind the final norm.
/// </summary>
internal sealed class LlamaCppServer : IServerDialect
{
    public string Name => "llama-cpp";

    public string HowNotToNormalise => "Use a llama.cpp server that knows 'embd_normalize' (of 2025 or later), started with '--embedding --pooling last'";

    public async Task<ServerModelFacts> Describe(ServerConnection connection, ServerReply listed, CancellationToken cancellation)
    {
        var properties = await connection.Get("props", cancellation).ConfigureAwait(false);
        return new ServerModelFacts(properties.Find("default_generation_settings")?.Find("n_ctx")?.Count(), properties.Find("chat_template")?.Text());
    }

    public void GoOnWithOpening(JsonObject request)
    {
        // a last message of the assistant's is gone on with
    }

    public async Task<StateReply> Read(ServerConnection connection, string model, ChatPrompt prompt, string answer, CancellationToken cancellation)
    {
        var template = new JsonObject { ["messages"] = ChatCompletions.Messages(prompt with { AnswerOpening = null }) };
        var framed = await connection.Post("apply-template", template, expectedSeconds: 1, cancellation).ConfigureAwait(false);
        var text = framed["prompt"].Text() + prompt.AnswerOpening + answer;
        var reply = await connection.Post("embedding", new JsonObject { ["content"] = text, ["embd_normalize"] = -1 }, ServerDialects.SecondsToRead, cancellation).ConfigureAwait(false);
        var only = reply.IsList ? reply.Only() : reply; // before 2025 it was no list
        return new StateReply(only["embedding"].Vector(), only.Find("tokens_evaluated")?.Count());
    }
}
