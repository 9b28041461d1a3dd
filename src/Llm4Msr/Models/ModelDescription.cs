using System.Text.Json.Serialization;

namespace Llm4Msr.Models;

/// <summary>Which vectors stand where users' knowledge belongs; the controls show whether real knowledge matters.</summary>
public enum KnowledgeArm
{
    Real,

    /// <summary>Every user has the knowledge of another user.</summary>
    Shuffled,

    /// <summary>Normal noise of the same width, for users and scenarios.</summary>
    Random,

    /// <summary>Every user has the same vector, the mean of all: what is left is the capacity of the layers.</summary>
    Constant,

    /// <summary>Every user has a vector that is learned with the weights, of the width that the generators read: an id and no knowledge.</summary>
    IdEmbedding,
}

/// <summary>What a trained model is, beside its weights.</summary>
/// <param name="InteractionsHash">Of the data that it was trained on.</param>
/// <param name="TrainingPartHash">Of the training part that it was trained on.</param>
/// <param name="Knowledge">Null for a model without knowledge.</param>
public sealed record ModelDescription(ModelOptions Options, string InteractionsHash, string TrainingPartHash, ModelKnowledge? Knowledge)
{
    /// <summary>The scenarios whose rows it was trained on, which alone it can score; null for all.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Scenarios { get; init; }
}

/// <param name="StoredUserWidth">Width of the users' vectors as stored.</param>
/// <param name="UserWidth">Width of what the generators read of them.</param>
/// <param name="StoredScenarioWidth">Width of the scenarios' vectors as stored.</param>
/// <param name="ScenarioWidth">Width of what the generators read of them.</param>
public sealed record ModelKnowledge(KnowledgeArm Arm, int StoredUserWidth, int UserWidth, int StoredScenarioWidth, int ScenarioWidth)
{
    /// <summary>Percent of the users, the most active, whose knowledge the model reads; null for all.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? ActiveUsers { get; init; }
}
