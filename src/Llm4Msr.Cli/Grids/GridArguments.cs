using System.CommandLine;

namespace Llm4Msr.Cli.Grids;

/// <summary>The options of every verb that trains a grid.</summary>
internal sealed class GridArguments
{
    private readonly Option<string> _output = new("--out") { Description = "Folder of all runs: made, or gone on with.", Required = true };
    private readonly Option<string[]> _vary = new("--vary") { Description = "What is tried in every arm alike; may be said again, for combinations.", HelpName = "KEY=A,B" };
    private readonly Option<int> _trials = new("--trials") { Description = "Trials per arm, drawn from the combinations, the same in every arm; 0 for all.", DefaultValueFactory = _ => 0 };
    private readonly Option<int> _jobs = new("--jobs") { Description = "Trainings at once.", DefaultValueFactory = _ => 1 };

    public IEnumerable<Option> All => [_output, .. Trained];

    /// <summary>Those that say what is trained, and how.</summary>
    public IEnumerable<Option> Trained => [_vary, _trials, _jobs];

    public string Output(ParseResult parsed) => parsed.GetRequiredValue(_output);

    public IReadOnlyList<string> Vary(ParseResult parsed) => parsed.GetValue(_vary) ?? [];

    public int Trials(ParseResult parsed)
    {
        AtLeast.Check(0, (_trials.Name, parsed.GetValue(_trials)));
        return parsed.GetValue(_trials);
    }

    public int Jobs(ParseResult parsed)
    {
        AtLeast.Check(1, (_jobs.Name, parsed.GetValue(_jobs)));
        return parsed.GetValue(_jobs);
    }
}
