using System.Text.Json.Nodes;
using Llm4Msr.Platform;

namespace Llm4Msr.Language.Servers;

/// <summary>
/// Whatever offers OpenAI's chat completions and embeddings. Prompt and answer are one text there, without a chat template, with an
/// empty line between them.
/// </summary>
internal sealed class OpenAiServer : IServerDialect
{
    public string Name => "openai";

    public string HowNotToNormalise => "OpenAI's own embedding models always normalise: name a server that does not for the states (--state-server), such as llama.cpp's or vLLM";

    public Task<ServerModelFacts> Describe(ServerConnection connection, ServerReply listed, CancellationToken cancellation) =>
        Task.FromResult(new ServerModelFacts(ContextLength: null, ChatTemplate: null));

    public void GoOnWithOpening(JsonObject request) => throw new Llm4MsrException(FaultKind.Usage,
        "The template opens the answer, which OpenAI's chat completions cannot do. Leave the section [answer] out of the template, or ask llama.cpp's server or vLLM (--dialect).");

    public async Task<StateReply> Read(ServerConnection connection, string model, ChatPrompt prompt, string answer, CancellationToken cancellation)
    {
        var request = new JsonObject { ["model"] = model, ["input"] = $"{prompt.UserText}\n\n{prompt.AnswerOpening}{answer}", ["encoding_format"] = "float" };
        var reply = await connection.Post("v1/embeddings", request, ServerDialects.SecondsToRead, cancellation).ConfigureAwait(false);
        return new StateReply(reply["data"].Only()["embedding"].Vector(), reply.Find("usage")?.Find("prompt_tokens")?.Count());
    }
}
