using System.Text.Json;
using Llm4Msr.Testing;

namespace Llm4Msr.Language.Tests;

/// <summary>What transformers computed for one prompt.</summary>
/// <param name="HiddenPerStep">Row k produced generated token k; the last row is the state after the last one.</param>
internal sealed record GoldenPrompt(int[] Ids, int[] GeneratedIds, float[][] HiddenPerStep);

internal static class Golden
{
    private static readonly JsonSerializerOptions s_snakeCase = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>The prompts of a tiny random checkpoint.</summary>
    public static GoldenPrompt[] Prompts(string name)
    {
        var file = Read<Tiny>(name, "golden.json");
        return [.. file.PromptIds.Select((ids, i) => new GoldenPrompt(ids, file.GeneratedIds[i], file.HiddenPerStep[i]))];
    }

    public static T Read<T>(params string[] path) =>
        JsonSerializer.Deserialize<T>(File.ReadAllText(TestFiles.Golden(path)), s_snakeCase)!;

    /// <summary>The largest difference, measured in root mean squares of what was expected.</summary>
    public static double Distance(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        var rootMeanSquare = Math.Sqrt(expected.Average(e => (double)e * e));
        return expected.Zip(actual, (e, a) => Math.Abs((double)e - a)).Max() / rootMeanSquare;
    }

    public static IReadOnlyList<Answer> Answers(this LanguageModel model, int newTokens, params int[][] prompts) =>
        model.Generate(prompts, new GenerationOptions(newTokens), TestContext.Current.CancellationToken);

    private sealed record Tiny(int[][] PromptIds, int[][] GeneratedIds, float[][][] HiddenPerStep);
}
