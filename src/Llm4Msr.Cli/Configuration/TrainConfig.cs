using System.Text.Json.Serialization;
using Llm4Msr.Data;
using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Training;

namespace Llm4Msr.Cli.Configuration;

/// <summary>Where the values come from that nobody gives (models guide, section 2.4).</summary>
internal enum Preset
{
    Default,

    /// <summary>Equations 7 to 9 to the letter, with the paper's rates.</summary>
    Paper,
}

/// <summary>Everything that a training is made with beside its data: what a configuration file holds.</summary>
internal sealed record TrainConfig
{
    public Preset Preset { get; init; } = Preset.Default;

    /// <summary>The knowledge store's path; null for a model that reads none.</summary>
    public string? Knowledge { get; init; }

    /// <summary>How many models, with seeds counted from <see cref="FirstSeed"/>.</summary>
    public int Seeds { get; init; } = 1;

    public int FirstSeed { get; init; } = 1;

    public ModelOptions Model { get; init; } = new();

    public TrainingOptions Training { get; init; } = new();

    /// <inheritdoc cref="RunOptions.Arm"/>
    public KnowledgeArm Arm { get; init; } = KnowledgeArm.Real;

    /// <inheritdoc cref="RunOptions.State"/>
    public string? State { get; init; }

    /// <inheritdoc cref="RunOptions.KeepRowsWithoutKnowledge"/>
    public bool KeepRowsWithoutKnowledge { get; init; } = true;

    /// <inheritdoc cref="RunOptions.ActiveUsers"/>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? ActiveUsers { get; init; }

    /// <inheritdoc cref="RunOptions.Scenarios"/>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Scenarios { get; init; }

    /// <inheritdoc cref="RunOptions.Threads"/>
    public int Threads { get; init; } = new RunOptions().Threads;

    /// <inheritdoc cref="RunOptions.CheckpointMinutes"/>
    public double CheckpointMinutes { get; init; } = new RunOptions().CheckpointMinutes;

    [JsonIgnore]
    public RunOptions Run => new()
    {
        Model = Model,
        Training = Training,
        Arm = Arm,
        State = State,
        KeepRowsWithoutKnowledge = KeepRowsWithoutKnowledge,
        ActiveUsers = ActiveUsers,
        Scenarios = Scenarios,
        Threads = Threads,
        CheckpointMinutes = CheckpointMinutes,
    };

    [JsonIgnore]
    public int[] AllSeeds => [.. Enumerable.Range(FirstSeed, Seeds)];

    /// <param name="enhancement">Decides how knowledge is fused, where it is read.</param>
    /// <param name="split">Of the data; null where there are none.</param>
    public static TrainConfig Defaults(Preset preset, EnhancementKind enhancement, SplitKind? split)
    {
        var paper = preset == Preset.Paper;
        var training = new TrainingOptions();
        return new TrainConfig
        {
            Preset = preset,
            Model = new ModelOptions { Enhancement = enhancement, Fusion = Fusion(paper, enhancement) },
            Training = paper
                ? training with { LearningRate = 2e-3, GeneratorLearningRate = 2e-3, Patience = 3, KnowledgeDropout = 0 }
                : training with { IdDropout = split == SplitKind.UserHoldout ? 0.5 : training.IdDropout },
        };
    }

    private static FusionOptions? Fusion(bool paper, EnhancementKind enhancement) => enhancement switch
    {
        EnhancementKind.Llm4msr => paper ? FusionOptions.Paper() : new FusionOptions(),
        EnhancementKind.KnowledgeField => FusionOptions.Field() with { Components = paper ? FusionOptions.Paper().Components : new FusionOptions().Components },
        _ => null,
    };
}
