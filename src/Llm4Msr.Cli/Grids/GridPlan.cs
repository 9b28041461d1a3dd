using System.Text.Json.Nodes;
using Llm4Msr.Cli.Configuration;
using Llm4Msr.Data;
using Llm4Msr.Platform;

namespace Llm4Msr.Cli.Grids;

/// <summary>Which cells a grid consists of: every arm gets the same settings, and so the same number of trials.</summary>
internal static class GridPlan
{
    private const int DrawSeed = 1;

    /// <param name="basis">What all cells have in common, the later over the earlier.</param>
    /// <param name="settings">What is tried in every arm.</param>
    /// <param name="trials">Per arm, drawn from the settings, the same in every arm; 0 for all of them.</param>
    /// <param name="sharedByArms">Whether one training may stand in several arms, as where two series of a figure meet.</param>
    public static IReadOnlyList<Cell> Of(
        IReadOnlyList<JsonObject> basis, IReadOnlyList<Arm> arms, IReadOnlyList<IReadOnlyDictionary<string, string>> settings, int trials, DataDescription data,
        bool sharedByArms = false)
    {
        RequireThatArmsStayApart(arms, settings);
        var tried = settings.ToArray();
        if (trials > 0 && trials < tried.Length)
        {
            new Random(DrawSeed).Shuffle(tried);
            tried = tried[..trials];
        }
        var contents = new Dictionary<string, string?>(StringComparer.Ordinal);
        var resolved = arms.SelectMany(arm => tried.Select(setting =>
        {
            var (config, unread) = Config.ResolveWhatIsRead([.. basis, .. arm.Values.Concat(setting).Select(p => Config.Assign(p.Key, p.Value))], data.Split.Kind);
            if (config is { Model.Fusion: null, KeepRowsWithoutKnowledge: true, Knowledge: not null })
                config = config with { Knowledge = null, State = null }; // nothing reads them: the same training whatever the store
            return (Cell: new Cell(Cell.NameOf(config, data, ContentOf(config.Knowledge)), arm, setting, config), Unread: unread);
        })).ToList();
        if (resolved[0].Unread.FirstOrDefault(first => resolved.All(r => r.Unread.Any(u => u.Key == first.Key))) is { Key: { } key } idle)
            throw new Llm4MsrException(FaultKind.Usage, $"{key} is {idle.Value}, and no trial reads it: it belongs to {idle.Needed}. Leave it out.");
        Cell[] plan = [.. resolved.Select(r => r.Cell)];
        if (plan.GroupBy(c => (c.Name, Arm: sharedByArms ? c.Arm : null)).FirstOrDefault(same => same.Count() > 1)?.ToArray() is [var one, var other, ..])
            throw new Llm4MsrException(FaultKind.Usage, WhyAlike(one, other, plan));
        return plan;

        string? ContentOf(string? store)
        {
            if (store is not null && !contents.ContainsKey(store))
                contents[store] = Cell.ContentOf(store, data);
            return store is null ? null : contents[store];
        }
    }

    /// <summary>A value that is tried in every arm alike takes the place of what the arms differ in: they would be one arm under several names.</summary>
    private static void RequireThatArmsStayApart(IReadOnlyList<Arm> arms, IReadOnlyList<IReadOnlyDictionary<string, string>> settings)
    {
        var ofArms = arms.SelectMany(arm => arm.Values.Keys).ToHashSet(StringComparer.Ordinal);
        if (settings[0].Keys.FirstOrDefault(key => ofArms.Any(own => own == key || own.StartsWith(key + '.', StringComparison.Ordinal) || key.StartsWith(own + '.', StringComparison.Ordinal))) is { } varied)
            throw new Llm4MsrException(FaultKind.Usage, $"{varied} is varied, and it is what arms differ in: all would get the same values. Leave it out of --vary.");
        if (arms.GroupBy(arm => arm.Name, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1) is { } twice)
            throw new Llm4MsrException(FaultKind.Usage, $"'{twice.Key}' is compared twice. Name it once.");
    }

    private static string WhyAlike(Cell one, Cell other, IReadOnlyList<Cell> plan)
    {
        if (Unread(one.Arm.Values, other.Arm.Values) is var (compared, comparedBy))
            return $"{compared} is compared, and the arm '{one.Arm.Name}' does not read it (it belongs to {comparedBy}), so that it would be the same training as '{other.Arm.Name}'. Compare what every arm reads.";
        if (Unread(one.Settings, other.Settings) is var (varied, variedBy))
        {
            return plan.All(c => KeyReaders.Missing(varied, c.Config.Model) is not null)
                ? $"{varied} is varied, and no trial reads it: it belongs to {variedBy}. Leave it out."
                : $"{varied} is varied, and the arm '{one.Arm.Name}' does not read it (it belongs to {variedBy}), so that it would have fewer trials than others. Vary what every arm reads.";
        }
        return $"'{one.Arm.Name}; {Cell.Spelled(one.Settings)}' and '{other.Arm.Name}; {Cell.Spelled(other.Settings)}' are one training, which would count twice. Name each value once.";

        (string Key, string Needed)? Unread(IReadOnlyDictionary<string, string> own, IReadOnlyDictionary<string, string> others)
        {
            foreach (var (key, value) in own)
            {
                if (others.TryGetValue(key, out var otherValue) && otherValue != value && KeyReaders.Missing(key, one.Config.Model) is { } needed)
                    return (key, needed);
            }
            return null;
        }
    }
}
