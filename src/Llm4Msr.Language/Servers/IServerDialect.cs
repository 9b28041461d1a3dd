using System.Text.Json.Nodes;

namespace Llm4Msr.Language.Servers;

/// <summary>What one kind of server does in its own way.</summary>
internal interface IServerDialect
{
    /// <summary>As the command line and the fingerprint spell it.</summary>
    string Name { get; }

    /// <summary>How to start the server, or another one, so that vectors come with the length that the model gave them.</summary>
    string HowNotToNormalise { get; }

    /// <summary>What the server says about its model beside its name.</summary>
    /// <param name="listed">The model's entry of "v1/models".</param>
    Task<ServerModelFacts> Describe(ServerConnection connection, ServerReply listed, CancellationToken cancellation);

    /// <summary>Makes a chat request whose last message is the opening of the answer go on with it.</summary>
    void GoOnWithOpening(JsonObject request);

    /// <summary>The state at the last token of prompt and answer.</summary>
    Task<StateReply> Read(ServerConnection connection, string model, ChatPrompt prompt, string answer, CancellationToken cancellation);
}

/// <param name="ContextLength">Null where the server does not say.</param>
/// <param name="ChatTemplate">Null where the server does not show it.</param>
internal sealed record ServerModelFacts(int? ContextLength, string? ChatTemplate);

/// <param name="Tokens">How many were read; null where the server does not say.</param>
internal sealed record StateReply(float[] State, int? Tokens);

/// <summary>The dialects by what they are called.</summary>
internal static class ServerDialects
{
    /// <summary>What a busy server may take to read a prompt.</summary>
    public const double SecondsToRead = 5;

    public static IServerDialect Of(ServerDialect dialect) => dialect switch
    {
        ServerDialect.LlamaCpp => new LlamaCppServer(),
        ServerDialect.Vllm => new VllmServer(),
        ServerDialect.Openai => new OpenAiServer(),
        _ => throw new ArgumentOutOfRangeException(nameof(dialect), dialect, null),
    };

    /// <summary>By what a server says of who owns its models.</summary>
    public static ServerDialect Recognise(string? owner) => owner switch
    {
        "llamacpp" => ServerDialect.LlamaCpp,
        "vllm" => ServerDialect.Vllm,
        _ => ServerDialect.Openai,
    };
}
