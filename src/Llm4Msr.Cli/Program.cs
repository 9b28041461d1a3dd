using Llm4Msr.Cli;
using Llm4Msr.Cli.Verbs;

return CommandLine.Run(args, cli =>
[
    QuickstartVerb.Create(cli),
    PrepareVerb.Create(cli),
    PromptsVerb.Create(cli),
    ReasonVerb.Create(cli),
    LlmVerb.Create(cli),
    KnowledgeVerb.Create(cli),
    TrainVerb.Create(cli),
    EvaluateVerb.Create(cli),
    PredictVerb.Create(cli),
    DoctorVerb.Create(cli),
]);
