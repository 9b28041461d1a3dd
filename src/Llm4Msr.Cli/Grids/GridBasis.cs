using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Llm4Msr.Cli.Configuration;
using Llm4Msr.Models;

namespace Llm4Msr.Cli.Grids;

/// <summary>What all trainings of a grid have in common: the data, a configuration, and what is said so often that it has an option.</summary>
internal sealed class GridBasis
{
    private readonly ConfigArguments _config = new();
    private readonly Argument<string> _data = new("data") { Description = "Folder written by 'llm4msr prepare'." };
    private readonly Option<string?>? _knowledge;
    private readonly Option<string?> _state = new("--state") { Description = "Which hidden state is read [default: the first that the store names]." };
    private readonly Option<BackboneKind?> _backbone = Spelling.MaybeOption<BackboneKind>("--backbone", $"The network for all scenarios [default: {Spelling.Of(new ModelOptions().Backbone)}].");
    private readonly Option<int?> _seeds = new("--seeds") { Description = "Models per trial [default: 1]." };

    /// <param name="knowledge">What the store is for; null where the verb has several and an option of its own.</param>
    public GridBasis(string? knowledge = "Knowledge store of this data.", bool knowledgeRequired = true) =>
        _knowledge = knowledge is null ? null : new("--knowledge") { Description = knowledge, HelpName = "KNOWLEDGE.db", Required = knowledgeRequired };

    public void AddTo(Command verb)
    {
        verb.Add(_data);
        if (_knowledge is not null)
            verb.Add(_knowledge);
        foreach (var option in (IEnumerable<Option>)[_state, _backbone, _seeds, .. _config.All])
            verb.Add(option);
    }

    public string Data(ParseResult parsed) => parsed.GetRequiredValue(_data);

    public string? Knowledge(ParseResult parsed) => _knowledge is null ? null : parsed.GetValue(_knowledge);

    /// <returns>What was said, the later over the earlier.</returns>
    public IReadOnlyList<JsonObject> Read(ParseResult parsed) =>
    [
        .. _config.Read(parsed),
        .. new[]
        {
            ("knowledge", Knowledge(parsed)),
            ("state", parsed.GetValue(_state)),
            ("model.backbone", parsed.GetValue(_backbone) is { } kind ? Spelling.Of(kind) : null),
            ("seeds", parsed.GetValue(_seeds)?.ToString(CultureInfo.InvariantCulture)),
        }.Where(said => said.Item2 is not null).Select(said => Config.Assign(said.Item1, said.Item2!)),
    ];
}
