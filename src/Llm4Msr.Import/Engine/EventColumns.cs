using Llm4Msr.Data;
using Llm4Msr.Import.Configuration;
using Llm4Msr.Platform;

namespace Llm4Msr.Import.Engine;

/// <summary>Writes the SQL that turns the texts of one file of interactions into typed columns, or says what is wrong with a row.</summary>
internal sealed class EventColumns(ImportConfiguration configuration, InteractionSource source, SourceFile file, SqlParameters parameters)
{
    private const long LatestTime = 4_102_444_800_000; // 2100: a later one is another unit
    private const int LongestList = 200;

    private static readonly string[] s_parts = ["training", "validation", "test", "unused"];

    private readonly List<string> _always = [];
    private readonly List<string> _ifWanted = [];

    /// <summary>What stands in the scenario's column, and the scenario that it means.</summary>
    private IReadOnlyDictionary<string, string> NamesOfScenarios => source.Scenario.Names ?? configuration.Scenarios.ToDictionary(s => s.Name, s => s.Name, StringComparer.Ordinal);

    /// <summary>The columns of the file that the configuration names.</summary>
    public static IEnumerable<string> Of(InteractionSource source) =>
    [
        source.User, source.Item, source.Time.Column,
        .. new[] { source.Scenario.Column, source.Part }.OfType<string>(),
        .. new[] { source.Label, source.Positive, source.Where, source.Valid }.OfType<string>().SelectMany(text => Expression.Parse(text).Columns()).Select(c => c.Column),
        .. source.Context.SelectMany(f => f.Columns),
    ];

    /// <summary>A SELECT with the columns of the table of events.</summary>
    /// <param name="context">Names of the context fields of all files, in their order.</param>
    public string Select(string from, IReadOnlyList<string> context)
    {
        _always.Add($"WHEN {file.IsNoObject} THEN {parameters.Add(SourceFile.NoObject)}");
        var where = source.Where is null ? null : Parsed(source.Where, "condition where", _always);
        var label = Parsed(source.Label, "label", _ifWanted);
        var positive = source.Positive is null ? label : Parsed(source.Positive, "positive mark", _ifWanted);
        var valid = source.Valid is null ? null : Parsed(source.Valid, "condition valid", _ifWanted);
        var columns = new List<string>
        {
            $"{Id(source.User)} AS u",
            $"{Id(source.Item)} AS i",
            $"CAST({Scenario()} AS INTEGER) AS s",
            $"coalesce({label}, false) AS clicked",
            $"coalesce({positive}, false) AS positive",
            $"{SqlValues.Time(source.Time, Text(source.Time.Column), parameters)} AS t",
            $"CAST({Part()} AS UTINYINT) AS part",
            $"{valid ?? "true"} AS valid",
            where is null ? "true AS wanted" : $"coalesce({where}, false) AS wanted",
        };
        columns.AddRange(context.Select((name, k) =>
            $"{(source.Context.FirstOrDefault(c => c.Name == name) is { } feature ? $"coalesce({SqlValues.One(feature, parameters, Text)}, '')" : "''")} AS x{k}"));
        var problem = $"CASE {string.Join(' ', _always)} WHEN NOT wanted THEN NULL {string.Join(' ', Checks())} END";
        return $"SELECT u, i, s, clicked, positive, CAST(t AS BIGINT) AS t, part, wanted{string.Concat(context.Select((_, k) => $", x{k}"))}, problem "
            + $"FROM (SELECT *, {problem} AS problem FROM (SELECT *, {string.Join(", ", columns)} FROM {from}))";
    }

    private IEnumerable<string> Checks()
    {
        yield return $"WHEN u = '' THEN {parameters.Add($"the user ({source.User}) is empty")}";
        yield return $"WHEN i = '' THEN {parameters.Add($"the item ({source.Item}) is empty")}";
        foreach (var check in _ifWanted)
            yield return check;
        if (source.Valid is not null)
            yield return $"WHEN NOT valid THEN {parameters.Add($"it does not hold that {source.Valid}")}";
        foreach (var feature in source.Context)
        {
            if (SqlValues.WrongNumber(feature, parameters, Text) is { } wrong)
                yield return $"WHEN {wrong} THEN {Says($"the {feature.Name}", feature.Column ?? feature.Name, "a number")}";
        }
        if (source.Scenario.Column is { } column)
            yield return $"WHEN s IS NULL THEN {Says($"the scenario ({column})", column, $"one of {string.Join(", ", NamesOfScenarios.Keys).Shortened(LongestList)}")}";
        if (source.Part is { } part && configuration.Split.Kind == SplitKind.Column)
            yield return $"WHEN part IS NULL THEN {Says($"the part ({part})", part, $"one of {string.Join(", ", s_parts)}")}";
        var time = $"the time ({source.Time.Column})";
        var expected = source.Time.Unit switch
        {
            TimeUnit.Iso => "a date and time as 2023-05-22T08:15:30",
            TimeUnit.Text => $"a time as {source.Time.Pattern}",
            TimeUnit.Seconds => "seconds since 1970",
            TimeUnit.Milliseconds => "milliseconds since 1970",
            _ => "seconds or milliseconds since 1970",
        };
        yield return $"WHEN t IS NULL THEN {Says(time, source.Time.Column, expected)}";
        yield return $"WHEN t < 0 OR t >= {LatestTime} THEN {Says(time, source.Time.Column, $"{expected}, before 2100")}";
    }

    /// <summary>An expression; a column that it compares with a number has to be one.</summary>
    /// <param name="what">What it is, for people.</param>
    private string Parsed(string text, string what, List<string> checks)
    {
        var expression = Expression.Parse(text);
        foreach (var (column, number) in expression.Columns().Distinct())
        {
            if (number)
                checks.Add($"WHEN {SqlValues.Number(Text(column))} IS NULL THEN {Says($"the {what} ({column})", column, "a number")}");
        }
        return expression.Sql(parameters, Text);
    }

    private string Says(string what, string column, string expected) =>
        $"concat({parameters.Add($"{what} is '")}, left(coalesce({Text(column)}, ''), 80), {parameters.Add($"', expected {expected}")})";

    private string Scenario()
    {
        var rule = source.Scenario;
        var otherwise = rule.Otherwise is null ? "NULL" : configuration.IndexOf(rule.Otherwise);
        if (rule.Name is not null)
            return configuration.IndexOf(rule.Name);
        if (rule.Column is not { } column)
            return "NULL"; // a feature decides, when the items are known
        return $"CASE {string.Join(' ', NamesOfScenarios.Select(n => $"WHEN {Text(column)} = {parameters.Add(n.Key)} THEN {configuration.IndexOf(n.Value)}"))} ELSE {otherwise} END";
    }

    private string Part() => source.Part is not { } column || configuration.Split.Kind != SplitKind.Column
        ? "0"
        : $"CASE lower({Text(column)}) {string.Join(' ', s_parts.Select((part, k) => FormattableString.Invariant($"WHEN '{part}' THEN {k}")))} END";

    private string Id(string column) => $"coalesce({Text(column)}, '')";

    private string Text(string column) => file.Text(column, parameters);
}
