using System.Globalization;
using Llm4Msr.Data;
using Llm4Msr.Platform;

namespace Llm4Msr.Import.Generator;

/// <summary>
/// The planted click probability of rows of prepared data, whichever way they were prepared: it follows from scenario, user and item.
/// </summary>
public static class PlantedProbabilities
{
    /// <param name="ranks">The rows.</param>
    /// <returns>One per rank.</returns>
    public static float[] Of(TruthDescription truth, InteractionDataset data, ReadOnlySpan<int> ranks)
    {
        truth.Options.Check();
        var planted = new PlantedTruth(truth.Options);
        int[] scenarios = [.. data.Description.Scenarios.Select(s => IndexOf(truth.Options, s.Name))];
        int[] users = [.. data.Encoder.Users.Keys.Select(key => Number(key, truth.Options.Users, "user"))];
        int[] items = [.. data.Encoder.Items.Keys.Select(key => Number(key, truth.Options.AllItems, "item"))];
        var probabilities = new float[ranks.Length];
        for (var row = 0; row < ranks.Length; row++)
        {
            var rank = ranks[row];
            var scenario = scenarios[data.Interactions.Scenario[rank]];
            var logit = planted.Logit(scenario, users[data.Interactions.User[rank]], items[data.Interactions.Item[rank]]);
            probabilities[row] = planted.Probability(scenario, logit, truth.Intercepts[scenario]);
        }
        return probabilities;
    }

    private static int IndexOf(GeneratorOptions options, string scenario) =>
        options.Scenarios.Select(s => s.Name).ToList().IndexOf(scenario) is >= 0 and var index ? index : throw OfOtherData($"no scenario '{scenario}'");

    /// <summary>Users and items are numbered from 1 in the files.</summary>
    private static int Number(string key, int count, string what) =>
        int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= count
            ? number - 1
            : throw OfOtherData($"no {what} '{key}'");

    private static Llm4MsrException OfOtherData(string what) => new(FaultKind.BadInput,
        $"The truth is of other data: it knows {what}. Name the folder with --truth in which 'llm4msr data generate' wrote these data.");
}
