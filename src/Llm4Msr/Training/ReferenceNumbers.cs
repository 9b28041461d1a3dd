using System.Text.Json;
using System.Text.Json.Serialization;
using Llm4Msr.Models.Layers;
using Llm4Msr.Platform;

namespace Llm4Msr.Training;

/// <summary>What <c>golden.json</c> says: the sizes of all cells and the numbers of each.</summary>
/// <param name="Rows">B.</param>
/// <param name="Features">N.</param>
/// <param name="Scenarios">S.</param>
/// <param name="Hidden">Widths of the hidden layers.</param>
/// <param name="KnowledgeWidth">Of users' and scenarios' vectors alike.</param>
/// <param name="UserWidths">Of the user level's meta layers, inputs and outputs included.</param>
/// <param name="ScenarioOfRow">B scenario indices.</param>
/// <param name="Cells">By name: backbone, dot, enhancement.</param>
internal sealed record ReferenceNumbers(
    [property: JsonPropertyName("B")] int Rows,
    [property: JsonPropertyName("d")] int Features,
    [property: JsonPropertyName("D")] int Scenarios,
    [property: JsonPropertyName("hidden")] int[] Hidden,
    [property: JsonPropertyName("H")] int KnowledgeWidth,
    [property: JsonPropertyName("user_dims")] int[] UserWidths,
    [property: JsonPropertyName("scenario_dims")] int[] ScenarioWidths,
    [property: JsonPropertyName("experts")] int Experts,
    [property: JsonPropertyName("specific")] int SpecificExperts,
    [property: JsonPropertyName("shared")] int SharedExperts,
    [property: JsonPropertyName("norm_eps")] double NormEpsilon,
    [property: JsonPropertyName("norm_momentum")] double NormMomentum,
    [property: JsonPropertyName("scenario")] int[] ScenarioOfRow,
    [property: JsonPropertyName("cells")] Dictionary<string, CellNumbers> Cells)
{
    private static readonly JsonSerializerOptions s_json = new()
    {
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    public static ReferenceNumbers Read(string path)
    {
        if (!File.Exists(path))
            throw new Llm4MsrException(FaultKind.BadInput, $"There is no file '{path}'. Name a folder of reference numbers: golden.json and, for each cell, its parameters and gradients.");
        try
        {
            var numbers = JsonSerializer.Deserialize<ReferenceNumbers>(File.ReadAllBytes(path), s_json) ?? throw new JsonException("it is empty");
            return numbers.Problem() is { } problem ? throw new Llm4MsrException(FaultKind.Damaged, $"'{path}' cannot be used: {problem}. Make it again.") : numbers;
        }
        catch (JsonException e)
        {
            throw new Llm4MsrException(FaultKind.Damaged, $"'{path}' cannot be read: {e.Message} Make it again.", e);
        }
    }

    private string? Problem() =>
        ScenarioOfRow.Length != Rows ? $"scenario holds {ScenarioOfRow.Length} numbers for {Rows} rows"
        : ScenarioOfRow.Any(s => s < 0 || s >= Scenarios) ? $"scenario holds numbers outside 0 to {Scenarios - 1}"
        : Hidden.Length == 0 ? "hidden is empty"
        : UserWidths.Length < 2 || ScenarioWidths.Length != UserWidths.Length ? "user_dims and scenario_dims are not two or more widths each, as many as the other"
        : NormEpsilon != PartitionedNorm.Epsilon || NormMomentum != PartitionedNorm.Momentum
            ? FormattableString.Invariant($"norm_eps and norm_momentum are {NormEpsilon} and {NormMomentum}, this program computes with {PartitionedNorm.Epsilon} and {PartitionedNorm.Momentum}")
        : null;
}

/// <summary>What was computed for one cell, beside the gradients.</summary>
/// <param name="AdamLosses">Loss k is taken before update k.</param>
/// <param name="RunningMean">Moving averages after one training pass, [S][N]; null for a backbone without.</param>
/// <param name="EvalLogits">Scored with these averages.</param>
internal sealed record CellNumbers(
    [property: JsonPropertyName("train_logits")] double[] TrainLogits,
    [property: JsonPropertyName("loss")] double Loss,
    [property: JsonPropertyName("adam_losses")] double[] AdamLosses,
    [property: JsonPropertyName("running_mean")] double[][]? RunningMean = null,
    [property: JsonPropertyName("running_var")] double[][]? RunningVariance = null,
    [property: JsonPropertyName("eval_logits")] double[]? EvalLogits = null);
