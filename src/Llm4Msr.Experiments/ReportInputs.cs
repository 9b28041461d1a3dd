using System.Text.Json;
using System.Text.Json.Nodes;
using Llm4Msr.Data;
using Llm4Msr.Evaluation;
using Llm4Msr.Knowledge;
using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Reasoning.Audit;
using Llm4Msr.Training;

namespace Llm4Msr.Experiments;

/// <summary>A run that a report tells of.</summary>
/// <param name="Name">As people read it; no two runs of a report share one.</param>
/// <param name="Seeds">The rows scored by the model of each seed: the same rows for all runs.</param>
/// <param name="Config">The configuration that trains the run again.</param>
public sealed record ReportedRun(string Name, ModelFolder Folder, IReadOnlyDictionary<int, ScoredRows> Seeds, JsonNode? Config = null)
{
    internal RunSetup Setup { get; } = TrainingRun.SetupOf(Folder);

    internal BackboneKind Backbone => Folder.Description.Options.Backbone;

    internal EnhancementKind Enhancement => Folder.Description.Options.Enhancement;

    /// <summary>Null for a model that reads no knowledge.</summary>
    internal KnowledgeArm? Arm => Folder.Description.Knowledge?.Arm;

    internal bool IsReal => Arm == KnowledgeArm.Real;

    internal bool SeesTheWholePeriod => Folder.Knowledge?.Origin.Fingerprint.Protocol == KnowledgeProtocol.WholePeriod;

    /// <summary>Whether it reads what its store holds about users, and of none of them nothing.</summary>
    public bool ReadsEveryUser => Setup.Options is { ActiveUsers: null, Model.Fusion.UserLevel: not FusionPlacement.None };

    internal bool ReadsBothLevels => ReadsEveryUser && Setup.Options.Model.Fusion!.ScenarioLevel != FusionPlacement.None;

    internal int? MetaLayers => Setup.Options.Model.Fusion?.Layers;

    /// <summary>Whether it was made like another run but for whose knowledge it reads, or that one of them reads none, and but for how fast it learned.</summary>
    internal bool IsMadeLike(ReportedRun other)
    {
        var withKnowledge = Setup.Options.Model.Fusion is not null && other.Setup.Options.Model.Fusion is not null;
        return Made(withKnowledge) == other.Made(withKnowledge);
    }

    /// <summary>What two runs have in common that are compared, in a form that is equal where it is.</summary>
    private string Made(bool withKnowledge)
    {
        var options = Setup.Options with { Arm = KnowledgeArm.Real, Training = new(), Threads = default, CheckpointMinutes = default };
        return withKnowledge
            ? Setup.KnowledgeContentHash + JsonSerializer.Serialize(options)
            : JsonSerializer.Serialize(options with { Model = options.Model with { Enhancement = EnhancementKind.None, Fusion = null }, State = null, ActiveUsers = null });
    }
}

/// <summary>Everything that a report is made of. What is null was not given, and its section says how to get it.</summary>
/// <param name="Runs">One or more, on the same rows.</param>
/// <param name="Part">Of the data, whose rows were scored.</param>
/// <param name="Command">What was typed to make the report.</param>
public sealed record ReportInputs(IReadOnlyList<ReportedRun> Runs, InteractionDataset Data, string DataFolder, Part Part, string Command)
{
    public ControlsResult? Controls { get; init; }

    /// <summary>Tables and figures of the paper.</summary>
    public IReadOnlyList<ReproducedResult> Reproduced { get; init; } = [];

    public TimesResult? Times { get; init; }

    public ValueResult? Value { get; init; }

    public ProtocolsResult? Protocols { get; init; }

    public StoredKnowledge? Knowledge { get; init; }

    /// <summary>What asking the language model took.</summary>
    public ReasoningCost? Reasoning { get; init; }

    public LeakReport? Audit { get; init; }

    public CaseStudy? Case { get; init; }

    /// <summary>The run with a store's real knowledge that is compared with the others; null where none was trained with it.</summary>
    public ReportedRun? RealOf(KnowledgeStore store) => ReportVerdict.Sides([.. Runs.Where(run => run.Folder.Knowledge is { } knowledge && store.IsSourceOf(knowledge.Origin))]).Real;
}
