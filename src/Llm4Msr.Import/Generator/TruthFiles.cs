using System.Text.Json;
using System.Text.Json.Serialization;
using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.Import.Generator;

/// <summary>The planted truth of generated data as it is kept in <c>truth.json</c>.</summary>
/// <param name="Intercepts">Of each scenario.</param>
/// <param name="Best">What the planted probabilities themselves reach.</param>
public sealed record TruthDescription(GeneratorOptions Options, IReadOnlyList<double> Intercepts, IReadOnlyList<BestAuc> Best);

/// <summary>
/// The folder <c>truth</c> beside generated data: <c>truth.json</c>, <c>vectors.safetensors</c> with interests [U, S T] (row k is
/// user k + 1) and tastes [S, T], and <c>probabilities.safetensors</c> with each scenario's click probabilities in the order of its file.
/// </summary>
/// <remarks>'llm4msr knowledge import' takes the vectors: knowledge that no language model can be ahead of.</remarks>
public static class TruthFiles
{
    public const string Folder = "truth";

    private const string DescriptionFile = "truth.json", VectorsFile = "vectors.safetensors", ProbabilitiesFile = "probabilities.safetensors";

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
    };

    internal static string Text(GeneratorOptions options) => JsonSerializer.Serialize(options, s_json);

    internal static void Write(string folder, GeneratedData data, IReadOnlyList<BestAuc> best)
    {
        folder = Path.Combine(folder, Folder);
        Directory.CreateDirectory(folder);
        var options = data.Options;
        DurableFile.WriteText(Path.Combine(folder, DescriptionFile), JsonSerializer.Serialize(new TruthDescription(options, data.Intercepts, best), s_json) + "\n");
        WriteTensors(Path.Combine(folder, VectorsFile), () =>
        [
            ("interests", Tensor(data.Truth.Interests, options.Users, options.Scenarios.Count * options.Topics.Count)),
            ("tastes", Tensor(data.Truth.Tastes, options.Scenarios.Count, options.Topics.Count)),
        ]);
        WriteTensors(Path.Combine(folder, ProbabilitiesFile), () =>
            [.. options.Scenarios.Zip(data.Scenarios, (scenario, rows) => (scenario.Name, Tensor(rows.Probability, rows.Count)))]);
    }

    /// <summary>Reads <c>truth.json</c> of a folder that was generated.</summary>
    public static TruthDescription Read(string folder)
    {
        var path = Path.Combine(folder, Folder, DescriptionFile);
        if (!File.Exists(path))
            throw new Llm4MsrException(FaultKind.BadInput, $"There is no file '{path}'. Name a folder written by 'llm4msr data generate'.");
        try
        {
            return JsonSerializer.Deserialize<TruthDescription>(File.ReadAllBytes(path), s_json) ?? throw new JsonException("It is empty.");
        }
        catch (JsonException e)
        {
            throw new Llm4MsrException(FaultKind.Damaged, $"'{path}' cannot be read: {e.Message} Generate the data again.", e);
        }
    }

    private static void WriteTensors(string path, Func<IReadOnlyList<(string, torch.Tensor)>> tensors)
    {
        using var scope = torch.NewDisposeScope();
        DurableFile.Write(path, stream => Safetensors.Write(stream, tensors()));
    }

    private static torch.Tensor Tensor(float[] values, params long[] shape) => torch.tensor(values).reshape(shape);
}
