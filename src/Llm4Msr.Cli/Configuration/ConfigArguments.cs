using System.CommandLine;
using System.Text.Json.Nodes;

namespace Llm4Msr.Cli.Configuration;

/// <summary>The options that name a configuration: a file, and values set over it.</summary>
internal sealed class ConfigArguments
{
    private readonly Option<string?> _file = new("--config") { Description = "Configuration to start from; 'llm4msr config schema' describes it.", HelpName = "FILE.json" };
    private readonly Option<string[]> _set = new("--set") { Description = "A value over the file's, for example training.learningRate=0.0003; may be said again.", HelpName = "KEY=VALUE" };

    public IEnumerable<Option> All => [_file, _set];

    /// <returns>What was said, the later over the earlier.</returns>
    public IReadOnlyList<JsonObject> Read(ParseResult parsed) =>
    [
        .. parsed.GetValue(_file) is { } file ? [Config.ReadFile(file)] : Array.Empty<JsonObject>(),
        .. (parsed.GetValue(_set) ?? []).Select(Config.Assign),
    ];
}
