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
            if (config is { Model.Fusion: null, KeepRowsWithoutKnowledge: true })
                config = config with { Knowledge = null, State = null }; // nothing reads them: the same training whatever the store
            return (Cell: new Cell(Cell.NameOf(config, data, ContentOf(config.Knowledge)), arm, setting, config), Unread: unread);
        })).ToList();
        if (resolved[0].Unread.FirstOrDefault(first => resolved.All(r => r.Unread.Any(u => u.Key == first.Key))) is { Key: { } key } idle)
            throw new Llm4MsrException(FaultKind.Usage, $"{key} is {idle.Value}, and no trial reads it: it belongs to {idle.Needed}. Leave it out.");
        Cell[] plan = [.. resolved.Select(r => r.Cell)];
        if (plan.GroupBy(c => (c.Name, Arm: sharedByArms ? c.Arm : null)).FirstOrDefault(same => same.Count() > 1)?.ToArray() is [var one, var other, ..])
        {
            throw new Llm4MsrException(FaultKind.Usage, Unread(one, other) is var (varied, needed)
                ? $"{varied} is varied, and the arm '{one.Arm.Name}' does not read it (it belongs to {needed}), so that it would have fewer trials than others. Vary what every arm reads."
                : $"'{one.Arm.Name}; {Cell.Spelled(one.Settings)}' and '{other.Arm.Name}; {Cell.Spelled(other.Settings)}' are one training, which would count twice. Name each value once.");
        }
        return plan;

        static (string Key, string Needed)? Unread(Cell one, Cell other) =>
            one.Settings.Keys.FirstOrDefault(key => one.Settings[key] != other.Settings[key]) is { } key && KeyReaders.Missing(key, one.Config.Model) is { } needed
                ? (key, needed) : null;

        string? ContentOf(string? store)
        {
            if (store is not null && !contents.ContainsKey(store))
                contents[store] = Cell.ContentOf(store);
            return store is null ? null : contents[store];
        }
    }

    /// <summary>Throws where a training could not be started, before one is.</summary>
    public static void Check(IReadOnlyList<Cell> cells)
    {
        foreach (var cell in cells)
        {
            AtLeast.Check(1, ("--seeds", cell.Config.Seeds));
            cell.Config.Run.Check();
        }
    }
}
