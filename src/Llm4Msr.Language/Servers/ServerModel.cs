using Llm4Msr.Platform;

namespace Llm4Msr.Language.Servers;

/// <summary>A model on a server, as the server describes it.</summary>
internal sealed record ServerModel(ServerConnection Connection, IServerDialect Dialect, string Name, ServerModelFacts Facts)
{
    private const int MostNames = 10;

    public static async Task<ServerModel> Find(ServerConnection connection, ServerAddress server, CancellationToken cancellation)
    {
        var listed = (await connection.Get("v1/models", cancellation).ConfigureAwait(false))["data"].List();
        var models = listed.Select(model => (Name: model["id"].Text(), Listed: model)).ToList();
        var (name, chosen) = server.Model is null && models.Count == 1
            ? models[0]
            : models.Find(model => model.Name == server.Model) is { Name: not null } named ? named
            : throw new Llm4MsrException(FaultKind.Usage, (server.Model is null ? $"{server} has {models.Count} models" : $"{server} has no model '{server.Model}'")
                + $". Name one of them (--model-name, --state-model-name): {string.Join(", ", models.Take(MostNames).Select(m => m.Name))}{(models.Count > MostNames ? ", ..." : "")}");
        var dialect = ServerDialects.Of(server.Dialect ?? ServerDialects.Recognise(chosen.Find("owned_by")?.Text()));
        return new ServerModel(connection, dialect, name, await dialect.Describe(connection, chosen, cancellation).ConfigureAwait(false));
    }

    /// <summary>Without the folders that llama.cpp's server names its file with: where a file lies is nobody's identity.</summary>
    public string ShortName => Name[(Name.LastIndexOfAny(['/', '\\']) is var at && Name.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) ? at + 1 : 0)..];
}
