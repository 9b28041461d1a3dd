using System.Text.Json.Serialization;
using Llm4Msr.Data;
using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Platform;
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

    /// <summary>Everything that can be said before data and knowledge are read: a training that would fail, or would read a value for nothing, is not begun.</summary>
    /// <exception cref="Llm4MsrException">The first thing that is wrong.</exception>
    public void Check()
    {
        AtLeast.Check(1, ("--seeds", Seeds));
        AtLeast.Check(0, ("--first-seed", FirstSeed));
        if (Seeds - 1 > int.MaxValue - FirstSeed)
            throw Wrong($"--seeds {Seeds} counted from --first-seed {FirstSeed} pass {int.MaxValue}, the largest seed. Start lower.");
        if (!KeepRowsWithoutKnowledge && Knowledge is null)
            throw Wrong("--drop-rows-without-knowledge needs --knowledge, which says which rows have any.");
        if (State is not null && Knowledge is null)
            throw Wrong($"--state {State} names one of the states that knowledge holds, and there is no knowledge. Leave it out, or add --knowledge KNOWLEDGE.db.");
        Run.Check();
        var enhancement = Spelling.Of(Model.Enhancement);
        if (Model.Fusion is not null && Knowledge is null)
            throw Wrong($"--enhancement {enhancement} needs knowledge: add --knowledge KNOWLEDGE.db, made by 'llm4msr reason' or 'llm4msr knowledge import'.");
        if (Model.Fusion is null && Arm != KnowledgeArm.Real)
            throw Wrong($"--arm {Spelling.Of(Arm)} puts other vectors where knowledge is read, and --enhancement {enhancement} reads none. Leave it out, or say --enhancement llm4msr.");
        if (Model.Fusion is { UserLevel: FusionPlacement.None } && Arm is KnowledgeArm.Shuffled or KnowledgeArm.Constant or KnowledgeArm.IdEmbedding)
            throw Wrong($"--arm {Spelling.Of(Arm)} puts other vectors where users' knowledge is read, and --user-level none reads none. Leave it out, or give the user level a place.");

        static Llm4MsrException Wrong(string what) => new(FaultKind.Usage, what);
    }

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
