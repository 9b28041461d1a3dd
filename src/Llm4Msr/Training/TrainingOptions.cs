using Llm4Msr.Evaluation;

namespace Llm4Msr.Training;

/// <summary>How a model is trained; the defaults are the preset <c>default</c> (models guide, section 2.4).</summary>
public sealed record TrainingOptions
{
    public int BatchSize { get; init; } = 1024;

    public double LearningRate { get; init; } = 1e-3;

    /// <summary>Of the meta networks: they overfit within an epoch at the backbone's rate (models guide, section 2 k).</summary>
    public double GeneratorLearningRate { get; init; } = 3e-5;

    public double WeightDecay { get; init; }

    public int Epochs { get; init; } = 40;

    /// <summary>What is watched on the validation part to choose the epoch.</summary>
    public MonitorKind Monitor { get; init; } = MonitorKind.MeanAuc;

    /// <summary>Epochs without a better <see cref="Monitor"/> after which training stops.</summary>
    public int Patience { get; init; } = 4;

    /// <summary>Share of rows, and of scenarios in each step, whose knowledge is hidden, so that the "no knowledge" vectors are trained.</summary>
    public double KnowledgeDropout { get; init; } = 0.1;

    /// <summary>Share of rows whose user id is hidden, so that the model learns to do without it.</summary>
    public double IdDropout { get; init; }
}
