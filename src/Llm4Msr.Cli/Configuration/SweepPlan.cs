using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Llm4Msr.Data;
using Llm4Msr.Platform;

namespace Llm4Msr.Cli.Configuration;

/// <summary>One training of a sweep.</summary>
/// <param name="Name">From a hash of everything that it is made with: equal trials share a folder, different ones never do.</param>
/// <param name="Arm">What is compared: the values of this arm by key.</param>
/// <param name="Settings">What is tried in every arm alike.</param>
internal sealed record Trial(string Name, IReadOnlyDictionary<string, string> Arm, IReadOnlyDictionary<string, string> Settings, TrainConfig Config);

/// <summary>Which trainings a sweep consists of: every arm gets the same settings, and so the same number of trials.</summary>
internal static class SweepPlan
{
    private const int NameLength = 16, DrawSeed = 1;

    /// <param name="compared">Keys and their values; an arm for each combination.</param>
    /// <param name="varied">Keys and their values; a trial for each combination, or for a draw of them.</param>
    /// <param name="trials">Per arm; 0 for every combination.</param>
    public static IReadOnlyList<Trial> Of(
        IReadOnlyList<JsonObject> basis, IReadOnlyList<string> compared, IReadOnlyList<string> varied, int trials, DataDescription data)
    {
        var (arms, settings) = (Combinations(compared, "--compare").ToArray(), Combinations(varied, "--vary").ToArray());
        if (arms[0].Keys.Intersect(settings[0].Keys).FirstOrDefault() is { } both)
            throw new Llm4MsrException(FaultKind.Usage, $"'{both}' is both compared and varied, which would make all arms alike. Name it in --compare or in --vary.");
        if (trials > 0 && trials < settings.Length)
        {
            new Random(DrawSeed).Shuffle(settings);
            settings = settings[..trials];
        }
        var resolved = arms.SelectMany(arm => settings.Select(setting =>
        {
            var (config, unread) = Config.ResolveWhatIsRead([.. basis, .. arm.Concat(setting).Select(p => Config.Assign(p.Key, p.Value))], data.Split.Kind);
            return (Trial: new Trial(NameOf(config, data), arm, setting, config), Unread: unread);
        })).ToList();
        if (resolved[0].Unread.FirstOrDefault(first => resolved.All(r => r.Unread.Any(u => u.Key == first.Key))) is { Key: { } key } idle)
            throw new Llm4MsrException(FaultKind.Usage, $"{key} is {idle.Value}, and no trial reads it: it belongs to {idle.Needed}. Leave it out.");
        Trial[] plan = [.. resolved.Select(r => r.Trial)];
        if (plan.GroupBy(t => t.Name).FirstOrDefault(same => same.Count() > 1)?.ToArray() is [var one, var other, ..])
        {
            throw new Llm4MsrException(FaultKind.Usage,
                $"'{Spelled(one.Arm)}; {Spelled(one.Settings)}' and '{Spelled(other.Arm)}; {Spelled(other.Settings)}' are one training, which would count twice. Name each value once.");
        }
        return plan;
    }

    /// <summary>Of the resolved configuration and the data; not of when checkpoints are written, which changes no result.</summary>
    internal static string NameOf(TrainConfig config, DataDescription data) => FileHash.Of(Config.Canonical(new JsonObject
    {
        ["config"] = JsonSerializer.SerializeToNode(config with { CheckpointMinutes = 0 }, Config.Json),
        ["data"] = data.TrainingPartHash,
    }))[..NameLength];

    private static IEnumerable<IReadOnlyDictionary<string, string>> Combinations(IReadOnlyList<string> assignments, string option)
    {
        var keys = assignments.Select(a => Values(a, option)).ToList();
        if (keys.GroupBy(k => k.Key).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new Llm4MsrException(FaultKind.Usage, $"{option} names '{twice.Key}' twice. Name it once, with all its values.");
        IEnumerable<Dictionary<string, string>> all = [new(StringComparer.Ordinal)];
        foreach (var (key, values) in keys)
            all = all.SelectMany(before => values.Select(value => new Dictionary<string, string>(before, StringComparer.Ordinal) { [key] = value }));
        return all;
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

    public static string Spelled(IReadOnlyDictionary<string, string> values) =>
        values.Count == 0 ? "-" : string.Join(", ", values.Select(v => string.Create(CultureInfo.InvariantCulture, $"{v.Key[(v.Key.LastIndexOf('.') + 1)..]} {v.Value}")));
}
