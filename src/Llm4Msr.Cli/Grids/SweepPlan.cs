using System.Text.Json.Nodes;
using Llm4Msr.Data;
using Llm4Msr.Platform;

namespace Llm4Msr.Cli.Grids;

/// <summary>Which trainings a sweep consists of, from what its options say.</summary>
internal static class SweepPlan
{
    /// <param name="compared">Keys and their values; an arm for each combination.</param>
    /// <param name="varied">Keys and their values; a trial for each combination, or for a draw of them.</param>
    /// <param name="trials">Per arm; 0 for every combination.</param>
    public static IReadOnlyList<Cell> Of(
        IReadOnlyList<JsonObject> basis, IReadOnlyList<string> compared, IReadOnlyList<string> varied, int trials, DataDescription data)
    {
        var (arms, settings) = (Combinations(compared, "--compare"), Settings(varied));
        return GridPlan.Of(basis, [.. arms.Select(arm => new Arm(Cell.Spelled(arm), arm))], settings, trials, data);
    }

    /// <summary>What is tried in every arm: the combinations of what <c>--vary</c> says, or nothing, once.</summary>
    public static IReadOnlyList<IReadOnlyDictionary<string, string>> Settings(IReadOnlyList<string> varied) => Combinations(varied, "--vary");

    private static IReadOnlyList<IReadOnlyDictionary<string, string>> Combinations(IReadOnlyList<string> assignments, string option)
    {
        var keys = assignments.Select(a => Values(a, option)).ToList();
        if (keys.GroupBy(k => k.Key).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new Llm4MsrException(FaultKind.Usage, $"{option} names '{twice.Key}' twice. Name it once, with all its values.");
        IEnumerable<Dictionary<string, string>> all = [new(StringComparer.Ordinal)];
        foreach (var (key, values) in keys)
            all = all.SelectMany(before => values.Select(value => new Dictionary<string, string>(before, StringComparer.Ordinal) { [key] = value }));
        return [.. all];
    }

    private static (string Key, IReadOnlyList<string> Values) Values(string assignment, string option)
    {
        var equals = assignment.IndexOf('=', StringComparison.Ordinal);
        var values = equals < 1 ? [] : Split(assignment[(equals + 1)..]).ToList();
        if (values.Count == 0 || values.Any(string.IsNullOrWhiteSpace))
            throw new Llm4MsrException(FaultKind.Usage, $"{option} is '{assignment}', expected KEY=VALUE,VALUE, for example training.learningRate=0.001,0.0003.");
        if (values.Distinct(StringComparer.Ordinal).Count() < values.Count)
            throw new Llm4MsrException(FaultKind.Usage, $"{option} {assignment} names a value twice.");
        return (assignment[..equals], values);
    }

    /// <summary>At commas outside of brackets: <c>[64,32],[128,64]</c> are two values.</summary>
    private static IEnumerable<string> Split(string text)
    {
        var (start, depth) = (0, 0);
        for (var k = 0; k < text.Length; k++)
        {
            depth += text[k] == '[' ? 1 : text[k] == ']' ? -1 : 0;
            if (text[k] != ',' || depth > 0)
                continue;
            yield return text[start..k];
            start = k + 1;
        }
        yield return text[start..];
    }
}
