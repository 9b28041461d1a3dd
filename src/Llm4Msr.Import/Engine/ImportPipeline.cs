using Llm4Msr.Data;
using Llm4Msr.Import.Configuration;
using Llm4Msr.Platform;

namespace Llm4Msr.Import.Engine;

/// <summary>
/// From files to sorted and encoded tables in one database: users and items, then the events of all files, then what the
/// configuration leaves out, then everything in its order, and what the split makes of it. What does not fit into memory is on
/// the disk.
/// </summary>
internal sealed class ImportPipeline(ImportConfiguration configuration, string folder, string rejects, DuckDb database, Action<string> progress)
{
    private readonly EntityTables _users = new(database, "users", "u", configuration.Users, hasWords: false);
    private readonly EntityTables _items = new(database, "items", "i", configuration.Items, hasWords: true);
    private readonly Rejects _rejects = new(database, configuration.MaxRejected, rejects);
    private readonly FeatureSource[] _context = [.. configuration.Interactions.SelectMany(s => s.Context).DistinctBy(f => f.Name)];
    private readonly List<string> _warnings = [];
    private IReadOnlyList<SourceRows> _rows = [];
    private long _negatives;

    public IReadOnlyList<Reject> Rejects => _rejects.All;

    public RawTables Read()
    {
        progress("reading users and items");
        SourceRows[] entities = [.. _users.Read(Open, _rejects), .. _items.Read(Open, _rejects)];
        var events = ReadEvents();
        progress("choosing rows");
        DecideByFeature();
        var duplicates = LeaveOutDuplicates();
        var fewScenarios = LeaveOutUsersOfFewScenarios();
        _rows = [.. entities, .. events.Select((e, k) => e with
        {
            Kept = e.Kept - duplicates[k] - fewScenarios[k],
            Duplicates = duplicates[k],
            LeftOut = e.LeftOut + fewScenarios[k],
        })];
        CheckScenarios(events);
        _warnings.AddRange(new[] { _users.Problem(), _items.Problem() ?? _items.NoWords() }.OfType<string>());
        if (configuration.Negatives is { } sampling)
        {
            progress("sampling negatives");
            (_negatives, var due) = NegativeSampler.Add(database, sampling, Context(""));
            if (_negatives < due)
                _warnings.Add(NegativeSampler.TooFew(sampling, _negatives, due));
        }
        progress("numbering users and items");
        _users.Number(configuration.KeepUnmet);
        _items.Number(configuration.KeepUnmet);
        progress("sorting and writing");
        Sort();
        return new RawTables(
            configuration.Name, configuration.Platform, configuration.Scenarios,
            _users.Batches(), _items.Batches(), Interactions(),
            configuration.Files.ToDictionary(file => file, file => Facts(PathOf(file))));
    }

    /// <summary>Splits and encodes what <see cref="Read"/> gave.</summary>
    public EncodedTables Encode()
    {
        progress("splitting and encoding");
        var encoded = new SplitTables(database, configuration, _users, _items, _context).Encode();
        if (configuration.Split.Kind == SplitKind.User)
            _warnings.AddRange(SmallParts.Warnings(encoded.Parts, database));
        return encoded;
    }

    /// <summary>What became of the rows that <see cref="Read"/> read; complete after <see cref="Encode"/>.</summary>
    public ImportReport Report() => new(
        _rows, _negatives,
        configuration.Negatives is { } sampling ? NegativeSampler.Description(sampling) : null,
        _warnings);

    private SourceFile Open(string file, FileFormat format) => SourceFile.Open(PathOf(file), format, database);

    private string PathOf(string file) => Path.GetFullPath(Path.Combine(folder, file));

    private List<SourceRows> ReadEvents()
    {
        database.Execute(
            "CREATE TABLE events (source UTINYINT, u VARCHAR, i VARCHAR, s INTEGER, clicked BOOLEAN, positive BOOLEAN, t BIGINT, part UTINYINT, wanted BOOLEAN"
            + $"{string.Concat(_context.Select((_, k) => $", x{k} VARCHAR"))}, problem VARCHAR)");
        List<SourceRows> counts = [];
        for (var k = 0; k < configuration.Interactions.Count; k++)
        {
            var source = configuration.Interactions[k];
            progress($"reading {source.File}");
            var file = Open(source.File, source.Format).Require(EventColumns.Of(source));
            var parameters = new SqlParameters();
            var from = file.From(parameters, SourceFile.NoRows);
            var select = new EventColumns(configuration, source, file, parameters).Select(from, [.. _context.Select(f => f.Name)]);
            var first = database.Number("SELECT count(*) FROM events");
            file.Execute($"INSERT INTO events SELECT {k}, * FROM ({select})", parameters);
            if (configuration.UsersAreComplete)
                _users.RejectUnknown(first);
            if (configuration.ItemsAreComplete)
                _items.RejectUnknown(first);
            var (read, rejected) = _rejects.Collect(source.File, file, source.Rows, "events", first, SourceFile.NoRows);
            file.ForgetRejects(SourceFile.NoRows);
            var kept = database.Number($"SELECT count(*) FROM events WHERE rowid >= {first} AND problem IS NULL AND wanted");
            counts.Add(new SourceRows(source.File, read, kept, rejected, read - rejected - kept, 0));
        }
        database.Execute("DELETE FROM events WHERE problem IS NOT NULL OR NOT wanted");
        return counts;
    }

    /// <summary>Rows whose scenario a feature of the item decides; the first rule that fits, else the rule's last resort.</summary>
    private void DecideByFeature()
    {
        for (var k = 0; k < configuration.Interactions.Count; k++)
        {
            if (configuration.Interactions[k].Scenario is not { Feature: { } feature } rule)
                continue;
            var parameters = new SqlParameters();
            var cases = (rule.Rules ?? []).Select(r => $"WHEN list_has_any({_items.ListOf(feature)}, {parameters.List(r.AnyOf)}) THEN {configuration.IndexOf(r.Scenario)}");
            database.Execute(
                $"CREATE OR REPLACE TABLE scenario_of AS SELECT key, CAST(CASE {string.Join(' ', cases)} ELSE {(rule.Otherwise is null ? "NULL" : configuration.IndexOf(rule.Otherwise))} END AS INTEGER) AS s FROM items_facts",
                parameters.Values);
            database.Execute($"UPDATE events SET s = scenario_of.s FROM scenario_of WHERE events.source = {k} AND scenario_of.key = events.i");
            if (rule.Otherwise is { } otherwise)
                database.Execute($"UPDATE events SET s = {configuration.IndexOf(otherwise)} WHERE source = {k} AND s IS NULL");
            database.Execute("DROP TABLE scenario_of");
        }
    }

    /// <returns>How many rows of each file.</returns>
    private long[] LeaveOutDuplicates() => configuration.Duplicates == DuplicateRule.Keep
        ? new long[configuration.Interactions.Count]
        : LeaveOut("rowid IN (SELECT rowid FROM (SELECT rowid, row_number() OVER "
            + $"(PARTITION BY u, i, s{(configuration.Duplicates == DuplicateRule.SameTime ? ", t" : "")} ORDER BY t DESC, rowid DESC) AS n FROM events) WHERE n > 1)");

    private long[] LeaveOutUsersOfFewScenarios()
    {
        var without = LeaveOut("s IS NULL"); // no rule fits
        if (configuration.MinScenarios < 2)
            return without;
        var few = LeaveOut($"u NOT IN (SELECT u FROM events GROUP BY u HAVING count(DISTINCT s) >= {configuration.MinScenarios})");
        return [.. without.Zip(few, (a, b) => a + b)];
    }

    private long[] LeaveOut(string condition)
    {
        var counts = new long[configuration.Interactions.Count];
        foreach (var row in database.Rows($"SELECT source, count(*) FROM events WHERE {condition} GROUP BY source"))
            counts[(long)row[0]!] = (long)row[1]!;
        if (counts.Any(c => c > 0))
            database.Execute($"DELETE FROM events WHERE {condition}");
        return counts;
    }

    /// <param name="read">What was read of each file.</param>
    private void CheckScenarios(IReadOnlyList<SourceRows> read)
    {
        var found = database.Rows("SELECT s, count(*), count(*) FILTER (clicked) FROM events GROUP BY s").ToDictionary(r => (int)(long)r[0]!, r => (Rows: (long)r[1]!, Clicks: (long)r[2]!));
        for (var s = 0; s < configuration.Scenarios.Count; s++)
        {
            var name = configuration.Scenarios[s].Name;
            var (rows, clicks) = found.GetValueOrDefault(s);
            if (rows == 0 && configuration.Interactions.Where((source, k) => read[k].Read == 0 && (source.Scenario.Name ?? name) == name).FirstOrDefault() is { } empty)
                throw new Llm4MsrException(FaultKind.BadInput, $"{PathOf(empty.File)} has no rows. Get it again, or leave it out.");
            if (rows == 0)
                throw new Llm4MsrException(FaultKind.BadInput, $"The scenario '{name}' has no interactions. Correct its rule, or leave the scenario out.");
            if (configuration.Negatives is null && (clicks == 0 || clicks == rows))
                _warnings.Add($"In the scenario '{name}' {(clicks == 0 ? "no row is clicked" : "every row is clicked")}: nothing can be learned or measured there. Is the label right? For logs of clicks alone, sample negatives.");
        }
    }

    /// <summary>Makes the table of interactions, in which a row's rank is its rowid.</summary>
    private void Sort()
    {
        database.Execute(
            $"CREATE TABLE interactions AS SELECT e.s, CAST(u.rowid AS INTEGER) AS \"user\", CAST(i.rowid AS INTEGER) AS item, e.clicked, e.positive, e.t // 1000 AS time, e.part{Context("e.")} "
            + "FROM events e JOIN users u ON u.key = e.u JOIN items i ON i.key = e.i ORDER BY e.t, i.rowid, u.rowid, e.s, e.rowid");
        database.Execute("DROP TABLE events");
    }

    private IEnumerable<Apache.Arrow.RecordBatch> Interactions() => RecordBatches.Of(
        ["scenario", "user", "item", "clicked", "positive", "time", .. _context.Select(f => $"context.{f.Name}")],
        RawBatch.Rows,
        database.Stream($"SELECT s, \"user\", item, clicked, positive, time{Context("")} FROM interactions"));

    private string Context(string table) => string.Concat(_context.Select((_, k) => $", {table}x{k}"));

    private static FileFacts Facts(string path) => new(new FileInfo(path).Length, FileHash.OfFile(path));
}
