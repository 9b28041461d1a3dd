using System.Text.Json;
using System.Text.Json.Serialization;
using Llm4Msr.Data;
using Llm4Msr.Evaluation;
using Llm4Msr.Knowledge;
using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning.Tests;
using Llm4Msr.Testing;
using Llm4Msr.Tests.Knowledge;
using Llm4Msr.Training;

namespace Llm4Msr.Experiments.Tests;

/// <summary>Run folders as training leaves them but for the weights, and made-up scores beside them.</summary>
internal sealed class SampleRuns
{
    /// <summary>How much a model gets wrong.</summary>
    public const double Good = 0.2, Poor = 1.5;

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) } };

    private static readonly EvaluationOptions s_options = new() { Replicates = 100, Threads = 1 };

    private readonly ScratchFolder _scratch;
    private readonly InteractionDataset _data;
    private readonly KnowledgeTable _table;

    public SampleRuns(ScratchFolder scratch)
    {
        _scratch = scratch;
        _data = SampleLogs.Prepare(scratch, [(1, 1, 0, true), (1, 2, 1, false), (2, 1, 0, true)]);
        Samples.Write(scratch["knowledge.db"], Samples.Many(3));
        using var store = KnowledgeStore.OpenForReading(scratch["knowledge.db"]);
        _table = KnowledgeTable.Read(store, Samples.State, Samples.Basis);
    }

    public ReportedRun Plain(double error) => Run("none", new ModelOptions(), null, null, error);

    public ReportedRun Control(KnowledgeArm arm, double error, FusionOptions? fusion = null) => Fused(Numbers.Word(arm), error, fusion, arm);

    public ReportedRun Fused(string name, double error, FusionOptions? fusion = null, KnowledgeArm arm = KnowledgeArm.Real, double? activeUsers = null) =>
        Run(name, new ModelOptions { Enhancement = EnhancementKind.Llm4msr, Fusion = fusion ?? new FusionOptions() }, arm, activeUsers, error);

    /// <summary>What a report says of them first.</summary>
    public static (string Sentence, IReadOnlyList<string> Detail) Verdict(params IReadOnlyList<ReportedRun> runs)
    {
        var (real, others) = ReportVerdict.Sides(runs);
        var differences = others.Select(other => new RealLess(other.Name, Comparison.Of(other.Seeds, real!.Seeds, s_options).Mean)).ToList();
        return ReportVerdict.Of(new ReportInputs(runs, null!, "data", Part.Test, "report"), SampleReport.Figures().Runs, real, differences);
    }

    private ReportedRun Run(string name, ModelOptions model, KnowledgeArm? arm, double? activeUsers, double error)
    {
        var options = new RunOptions { Model = model, Arm = arm ?? KnowledgeArm.Real, State = arm is null ? null : Samples.State, ActiveUsers = activeUsers };
        var setup = new RunSetup(options, "data", "", "", new SplitOptions(), 1, arm is null ? null : _table.Origin.ContentHash, null, "", Machine.Current, []);
        var knowledge = arm is { } whose ? new ModelKnowledge(whose, _table.UserWidth, _table.UserWidth, _table.ScenarioWidth, _table.ScenarioWidth) : null;
        var folder = ModelFolder.Create(_scratch[$"run-{Guid.NewGuid():N}"], new ModelDescription(model, "", "", knowledge), _data.Encoder, arm is null ? null : _table,
            path => File.WriteAllText(Path.Combine(path, "training.json"), JsonSerializer.Serialize(setup, s_json)));
        return new ReportedRun(name, folder, SampleReport.Seeds(error));
    }
}
