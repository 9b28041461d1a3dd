using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Llm4Msr.Language.Servers;

/// <param name="PromptTokens">Null where the server does not say, as <paramref name="NewTokens"/>.</param>
internal sealed record ChatReply(string Text, int? PromptTokens, int? NewTokens);

/// <summary>OpenAI's chat completions, which every server has.</summary>
internal static class ChatCompletions
{
    private const double SecondsPerToken = 0.1; // of a slow server

    public static JsonArray Messages(ChatPrompt prompt)
    {
        JsonArray messages = [new JsonObject { ["role"] = "user", ["content"] = prompt.UserText }];
        if (!string.IsNullOrEmpty(prompt.AnswerOpening))
            messages.Add(new JsonObject { ["role"] = "assistant", ["content"] = prompt.AnswerOpening });
        return messages;
    }

    /// <param name="sampling">Null for the likeliest token each time.</param>
    /// <param name="index">Of the prompt among those that <paramref name="sampling"/> has keys of.</param>
    public static async Task<ChatReply> Ask(
        ServerConnection connection, IServerDialect dialect, string model, ChatPrompt prompt, int maxNewTokens, Sampling? sampling, int index,
        CancellationToken cancellation)
    {
        var request = new JsonObject
        {
            ["model"] = model,
            ["messages"] = Messages(prompt),
            ["max_tokens"] = maxNewTokens,
            ["temperature"] = sampling?.Temperature ?? 0,
        };
        if (sampling is not null)
        {
            request["top_p"] = sampling.TopP;
            request["seed"] = SeedOf(sampling.Seed, sampling.Keys[index]);
        }
        if (!string.IsNullOrEmpty(prompt.AnswerOpening))
            dialect.GoOnWithOpening(request);
        var reply = await connection.Post("v1/chat/completions", request, ServerDialects.SecondsToRead + SecondsPerToken * maxNewTokens, cancellation).ConfigureAwait(false);
        var usage = reply.Find("usage");
        return new ChatReply(
            reply["choices"].Only()["message"]["content"].Words(), usage?.Find("prompt_tokens")?.Count(), usage?.Find("completion_tokens")?.Count());
    }

    /// <summary>A number of 31 bits, which every server takes.</summary>
    private static int SeedOf(long seed, string key) =>
        BinaryPrimitives.ReadInt32LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(FormattableString.Invariant($"{seed}\0{key}")))) & int.MaxValue;
}
