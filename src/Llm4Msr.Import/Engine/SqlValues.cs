using System.Globalization;
using Llm4Msr.Import.Configuration;

namespace Llm4Msr.Import.Engine;

/// <summary>The values of a statement, which never stand in its text.</summary>
internal sealed class SqlParameters
{
    private readonly List<object> _values = [];

    public IReadOnlyList<object> Values => _values;

    /// <returns>The place of the value in the text.</returns>
    public string Add(object value)
    {
        _values.Add(value);
        return string.Create(CultureInfo.InvariantCulture, $"${_values.Count}");
    }

    public string List(IEnumerable<object> values) => $"[{string.Join(", ", values.Select(Add))}]";
}

/// <summary>Texts of columns as SQL values. All of them give null for what they cannot read, and stop nothing.</summary>
internal static class SqlValues
{
    public static string Number(string text) => $"TRY_CAST({text} AS DOUBLE)";

    /// <summary>Milliseconds since 1970.</summary>
    public static string Time(TimeColumn time, string text, SqlParameters parameters) => time.Unit switch
    {
        TimeUnit.Seconds => $"TRY_CAST(round({Number(text)} * 1000) AS BIGINT)",
        TimeUnit.Milliseconds => $"TRY_CAST(round({Number(text)}) AS BIGINT)",
        TimeUnit.Unix => $"CASE WHEN abs({Number(text)}) >= 1e11 THEN TRY_CAST(round({Number(text)}) AS BIGINT) ELSE TRY_CAST(round({Number(text)} * 1000) AS BIGINT) END",
        TimeUnit.Iso => $"epoch_ms(TRY_CAST({text} AS TIMESTAMPTZ))",
        _ => $"epoch_ms(try_strptime({text}, {parameters.Add(time.Pattern!)}))",
    };

    /// <summary>Whether a feature has any number of values, and not at most one.</summary>
    public static bool IsList(FeatureSource feature) => feature.Kind is FeatureKind.MultiValued or FeatureKind.Sequence || feature.Flags is not null;

    /// <summary>The only value of a feature, or the first of its values: a text that is not empty, or null.</summary>
    /// <param name="text">Writes the text of a column as SQL.</param>
    public static string One(FeatureSource feature, SqlParameters parameters, Func<string, string> text)
    {
        if (IsList(feature))
            return $"({List(feature, parameters, text)})[1]";
        var value = Text(feature, parameters, text);
        return feature.Groups is { } groups ? Group(groups, Number(value), parameters) : value;
    }

    /// <summary>The values of a feature as a list of texts, none of them empty.</summary>
    /// <param name="text">Writes the text of a column as SQL.</param>
    public static string List(FeatureSource feature, SqlParameters parameters, Func<string, string> text)
    {
        if (!IsList(feature))
            return ListOf(One(feature, parameters, text));
        if (feature.Flags is { } flags)
        {
            var values = flags.Select(flag => $"CASE WHEN {Number(text(flag.Key))} <> 0 THEN {parameters.Add(flag.Value)} END");
            return $"list_filter([{string.Join(", ", values)}], lambda v: v IS NOT NULL)";
        }
        var list = Texts(feature, parameters, text);
        if (feature.Groups is { } groups)
            list = $"list_filter(list_transform({list}, lambda v: {Group(groups, Number("v"), parameters)}), lambda v: v IS NOT NULL)";
        return feature.Kind == FeatureKind.Sequence ? $"({list})[-{parameters.Add(feature.Last)}:]" : list;
    }

    /// <summary>A list of the one value that there is, or of none.</summary>
    public static string ListOf(string value) => $"CASE WHEN {value} IS NULL THEN [] ELSE [{value}] END";

    /// <summary>Whether what has to be a number is something else: true, false or null.</summary>
    public static string? WrongNumber(FeatureSource feature, SqlParameters parameters, Func<string, string> text) =>
        feature.Flags is { } flags ? string.Join(" OR ", flags.Keys.Select(column => $"({text(column)} IS NOT NULL AND {Number(text(column))} IS NULL)"))
        : feature.Groups is not null || feature.Kind == FeatureKind.Numeric
            ? IsList(feature)
                ? $"len(list_filter({Texts(feature, parameters, text)}, lambda v: NOT coalesce(isfinite({Number("v")}), false))) > 0"
                : $"({Text(feature, parameters, text)}) IS NOT NULL AND NOT coalesce(isfinite({Number(Text(feature, parameters, text))}), false)"
            : null;

    /// <summary>The text of a feature that has one value, or null.</summary>
    private static string Text(FeatureSource feature, SqlParameters parameters, Func<string, string> text)
    {
        var value = text(feature.Column ?? feature.Name);
        if (feature.Extract is { } pattern)
            value = $"regexp_extract({value}, {parameters.Add(pattern)}, {(HasGroup(pattern) ? 1 : 0)})";
        value = $"nullif(trim({value}), '')";
        foreach (var missing in feature.Missing)
            value = $"nullif({value}, {parameters.Add(missing)})";
        return value;
    }

    /// <summary>The texts of a feature with any number of them.</summary>
    private static string Texts(FeatureSource feature, SqlParameters parameters, Func<string, string> text)
    {
        var column = text(feature.Column ?? feature.Name);
        var list = feature.Separator is { } separator ? $"string_split({column}, {parameters.Add(separator)})"
            : $"CASE WHEN json_valid({column}) THEN json_extract_string({column}, '$[*]') END";
        if (feature.Extract is { } pattern)
            list = $"list_transform({list}, lambda v: regexp_extract(v, {parameters.Add(pattern)}, {(HasGroup(pattern) ? 1 : 0)}))";
        var nothing = feature.Missing.Count == 0 ? "" : $" AND NOT list_contains({parameters.List(feature.Missing)}, v)";
        return $"coalesce(list_filter(list_transform({list}, lambda v: trim(v)), lambda v: v <> ''{nothing}), [])";
    }

    private static string Group(NumberNames groups, string number, SqlParameters parameters)
    {
        var cases = groups.Edges.Select((edge, k) => $"WHEN {number} < {parameters.Add(edge)} THEN {parameters.Add(groups.Names[k])}");
        return $"CASE {string.Join(' ', cases)} WHEN {number} IS NOT NULL THEN {parameters.Add(groups.Names[^1])} END";
    }

    private static bool HasGroup(string pattern)
    {
        for (var k = 0; k < pattern.Length; k++)
        {
            if (pattern[k] == '\\')
                k++;
            else if (pattern[k] == '(' && !(k + 1 < pattern.Length && pattern[k + 1] == '?'))
                return true;
        }
        return false;
    }
}
