using System.CommandLine;

namespace Llm4Msr.Cli.Verbs;

/// <summary>What the program can do, in the order in which one does it.</summary>
internal static class AllVerbs
{
    public static IEnumerable<Command> Of(Cli cli) =>
    [
        QuickstartVerb.Create(cli),
        DataVerb.Create(cli),
        PrepareVerb.Create(cli),
        PromptsVerb.Create(cli),
        ReasonVerb.Create(cli),
        LlmVerb.Create(cli),
        KnowledgeVerb.Create(cli),
        BackbonesVerb.Create(cli),
        ConfigVerb.Create(cli),
        TrainVerb.Create(cli),
        SweepVerb.Create(cli),
        ControlsVerb.Create(cli),
        ProtocolsVerb.Create(cli),
        ValueVerb.Create(cli),
        OnboardVerb.Create(cli),
        SeesawVerb.Create(cli),
        ReproduceVerb.Create(cli),
        EvaluateVerb.Create(cli),
        CompareVerb.Create(cli),
        PredictVerb.Create(cli),
        ExplainVerb.Create(cli),
        AuditVerb.Create(cli),
        ReportVerb.Create(cli),
        DoctorVerb.Create(cli),
    ];
}
