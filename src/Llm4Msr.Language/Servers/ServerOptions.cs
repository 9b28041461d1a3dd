namespace Llm4Msr.Language.Servers;

/// <summary>What a server speaks beside the chat completions that all of them have.</summary>
public enum ServerDialect
{
    /// <summary>llama.cpp's <c>llama-server</c>: states from <c>/embedding</c>.</summary>
    LlamaCpp,

    /// <summary>vLLM: states from <c>/pooling</c>.</summary>
    Vllm,

    /// <summary>Anything that follows OpenAI: states from <c>/v1/embeddings</c>, where they are not normalised.</summary>
    Openai,
}

/// <summary>Where to ask, and for whom.</summary>
/// <param name="Address">"http://host:port", or what stands before "/v1/chat/completions".</param>
/// <param name="Model">The model's name on that server; null where the server has only one.</param>
/// <param name="Dialect">Null to go by what the server says about itself.</param>
/// <param name="Key">Sent as a bearer token in a header, never written anywhere; null for none.</param>
/// <param name="KeyFrom">Where the key is from, for messages.</param>
public sealed record ServerAddress(Uri Address, string? Model = null, ServerDialect? Dialect = null, string? Key = null, string KeyFrom = ServerAddress.KeyVariable)
{
    /// <summary>Environment variable with the key of the server that answers.</summary>
    public const string KeyVariable = "LLM4MSR_API_KEY";

    /// <summary>Environment variable with the key of the server that gives states, where it is another one.</summary>
    public const string StateKeyVariable = "LLM4MSR_STATE_API_KEY";

    /// <summary>The key is not part of it.</summary>
    public override string ToString() => Address.ToString();
}

/// <summary>A model behind one server or two.</summary>
/// <param name="Text">Answers prompts.</param>
/// <param name="States">Reads prompt and answer again and gives the state; null where the first does both.</param>
public sealed record ServerOptions(ServerAddress Text, ServerAddress? States = null)
{
    /// <summary>The most tokens, prompt and answer together; null to ask the servers.</summary>
    public int? ContextLength { get; init; }

    /// <summary>Hosts that may be reached; null for the two that are named here. A service that takes addresses from elsewhere needs it.</summary>
    public IReadOnlyList<string>? AllowedHosts { get; init; }

    /// <summary>Whether a key may go to another machine without TLS.</summary>
    public bool KeyInTheClear { get; init; }

    /// <summary>Bytes of one response, at most: it is not read further.</summary>
    public int MaxResponseBytes { get; init; } = 4 << 20;

    public Patience Patience { get; init; } = new();
}

/// <summary>How long and how often a request is tried (reliability guide, section 6).</summary>
public sealed record Patience
{
    /// <summary>Of <see cref="OneTry"/> and <see cref="GiveUpAfter"/>: what the timers take.</summary>
    public static TimeSpan Shortest { get; } = TimeSpan.FromMilliseconds(10);

    /// <summary>The same at the other end.</summary>
    public static TimeSpan Longest { get; } = TimeSpan.FromDays(1);

    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>One try, from the first byte sent to the last read; null for 30 s and ten times what is expected.</summary>
    public TimeSpan? OneTry { get; init; }

    /// <summary>All tries of one request and the waits between them.</summary>
    public TimeSpan GiveUpAfter { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Of one request, while the server is believed to work.</summary>
    public int Tries { get; init; } = 5;

    /// <summary>Between the first try and the second; then it doubles.</summary>
    public TimeSpan FirstWait { get; init; } = TimeSpan.FromSeconds(2);

    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A server is left alone for <see cref="Break"/> where half of this many requests or more failed within a minute.</summary>
    public int CallsBeforeBreak { get; init; } = 10;

    public TimeSpan Break { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Waits are longer or shorter by chance, so that many who wait do not come back at once: from 0 to below 1.</summary>
    public Func<double> Chance { get; init; } = Random.Shared.NextDouble;

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
