using System.CommandLine;
using Llm4Msr.Cli;
using Llm4Msr.Cli.Verbs;

return CommandLine.Run(args, Verbs);

internal static partial class Program
{
    internal static IEnumerable<Command> Verbs(Cli cli) =>
    [
        QuickstartVerb.Create(cli),
        PrepareVerb.Create(cli),
        PromptsVerb.Create(cli),
        ReasonVerb.Create(cli),
        KnowledgeVerb.Create(cli),
        TrainVerb.Create(cli),
        EvaluateVerb.Create(cli),
        PredictVerb.Create(cli),
        DoctorVerb.Create(cli),
    ];
}
