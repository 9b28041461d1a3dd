using System.CommandLine;
using Llm4Msr.Data;
using Llm4Msr.Evaluation;

namespace Llm4Msr.Cli;

/// <summary>The options of every verb that evaluates.</summary>
internal sealed class EvaluationSettings
{
    /// <summary>The 2.5th percentile of fewer draws is a matter of one or two of them.</summary>
    private const int FewestReplicates = 100;

    private static readonly EvaluationOptions s_defaults = new();

    private readonly Option<string?> _data = new("--data") { Description = "Prepared data [default: the folder that the run was trained on]." };

    private readonly Option<Spelled<Part>> _part = Spelling.Option("--part", "Which rows.", Part.Test, Part.Training, Part.Validation, Part.Test);

    private readonly Option<int> _minimum = new("--minimum-per-class")
    {
        Description = "Clicks, and rows without one, that a scenario needs for an AUC.",
        DefaultValueFactory = _ => s_defaults.MinimumPerClass,
    };

    private readonly Option<int> _replicates = new("--replicates")
    {
        Description = "How often users, and seeds where there are several, are drawn for an interval.",
        DefaultValueFactory = _ => s_defaults.Replicates,
    };

    public void AddTo(Command command)
    {
        command.Add(_data);
        command.Add(_part);
        command.Add(_minimum);
        command.Add(_replicates);
    }

    public string? DataOf(ParseResult parsed) => parsed.GetValue(_data);

    public Part PartOf(ParseResult parsed) => parsed.GetValue(_part).Value;

    public EvaluationOptions OptionsOf(ParseResult parsed)
    {
        AtLeast.Check(1, (_minimum.Name, parsed.GetValue(_minimum)));
        AtLeast.Check(FewestReplicates, (_replicates.Name, parsed.GetValue(_replicates)));
        return s_defaults with { MinimumPerClass = parsed.GetValue(_minimum), Replicates = parsed.GetValue(_replicates) };
    }
}
