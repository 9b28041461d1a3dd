using Llm4Msr.Data;
using Llm4Msr.Platform;

namespace Llm4Msr.Import.Configuration;

/// <summary>What is wrong with a configuration, all of it at once, before any file is opened.</summary>
internal static class ImportProblems
{
    /// <param name="place">Where the configuration stands, for the message.</param>
    public static void ThrowIfAny(ImportConfiguration configuration, string place)
    {
        var problems = Of(configuration).ToList();
        if (problems.Count > 0)
            throw new Llm4MsrException(FaultKind.Usage, $"{place}: {string.Join(Environment.NewLine, problems)}");
    }

    public static IEnumerable<string> Of(ImportConfiguration c)
    {
        foreach (var (key, expected) in ToBeFilledIn(c))
            yield return $"{key} is {ImportConfiguration.FillIn}, expected {expected}.";
        if (c.Scenarios.Count == 0)
            yield return "scenarios is empty, expected at least one.";
        if (c.Scenarios.Any(s => s.Name.Length == 0))
            yield return "A scenario has no name: it stands in reports and prompts. Name each.";
        if (c.Scenarios.GroupBy(s => s.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
            yield return $"scenarios names '{twice.Key}' twice. Name each once.";
        if (c.Interactions.Count is 0 or > byte.MaxValue)
            yield return $"interactions has {c.Interactions.Count} files, expected 1 to {byte.MaxValue}.";
        if (c.UsersAreComplete && c.Users.Count == 0 || c.ItemsAreComplete && c.Items.Count == 0)
            yield return "usersAreComplete and itemsAreComplete speak of tables, and there is none.";
        if (c.MinCount < 1)
            yield return $"minCount is {c.MinCount}, expected at least 1.";
        if (c.MinScenarios < 1 || c.MinScenarios > Math.Max(1, c.Scenarios.Count))
            yield return $"minScenarios is {c.MinScenarios}, expected 1 to the number of scenarios ({c.Scenarios.Count}).";
        if (c.MaxRejected is not (>= 0 and <= 1))
            yield return FormattableString.Invariant($"maxRejected is {c.MaxRejected}, expected a share from 0 to 1.");
        if (c.Split.Problem() is { } ofSplit)
            yield return ofSplit;
        if (c.Negatives is { PerPositive: < 1 or > 100 } n)
            yield return $"negatives.perPositive is {n.PerPositive}, expected 1 to 100.";
        for (var k = 0; k < c.Interactions.Count; k++)
        {
            foreach (var problem in OfSource(c, c.Interactions[k], $"interactions[{k}]"))
                yield return problem;
        }
        foreach (var (source, place) in c.Users.Select((s, k) => (s, $"users[{k}]")).Concat(c.Items.Select((s, k) => (s, $"items[{k}]"))))
        {
            foreach (var problem in source.Features.SelectMany((f, k) => OfFeature(f, $"{place}.features[{k}]", ofContext: false)).Concat(OfFormat(source.Format, place)))
                yield return problem;
        }
        string[] names = [.. c.Users.SelectMany(s => s.Features).Select(f => f.Name).Distinct(), .. c.Items.SelectMany(s => s.Features).Select(f => f.Name).Distinct(),
            .. c.Interactions.SelectMany(s => s.Context).Select(f => f.Name).Distinct(), FeatureNames.UserId, FeatureNames.ItemId, FeatureNames.Scenario];
        foreach (var same in names.GroupBy(n => n, StringComparer.Ordinal).Where(g => g.Count() > 1))
            yield return $"Two fields are called '{same.Key}'. {(same.Key is FeatureNames.UserId or FeatureNames.ItemId or FeatureNames.Scenario ? "That name is taken: the ids and the scenario are fields already. " : "")}Rename one.";
    }

    /// <summary>What a proposal left to a person, by key, with what belongs there.</summary>
    private static IEnumerable<(string Key, string Expected)> ToBeFilledIn(ImportConfiguration c)
    {
        var platform = c.Platform;
        return new[]
        {
            (platform.Name, "platform.name", "what prompts call the platform"),
            (platform.Description, "platform.description", "what kind of place it is, for prompts"),
            (platform.Users, "platform.users", "what prompts call the users"),
            (platform.Items, "platform.items", "what prompts call the items"),
            (platform.Behavior, "platform.behavior", "what users do with items, for prompts"),
        }
        .Concat(c.Interactions.SelectMany((source, k) => new[]
        {
            (source.User, $"interactions[{k}].user", "the column with the user's id"),
            (source.Item, $"interactions[{k}].item", "the column with the item's id"),
            (source.Time.Column, $"interactions[{k}].time.column", "the column with the time"),
            (source.Label, $"interactions[{k}].label", "the condition for a click, for example: clicked = 'yes'"),
        }))
        .Where(place => place.Item1 == ImportConfiguration.FillIn).Select(place => (place.Item2, place.Item3));
    }

    private static IEnumerable<string> OfSource(ImportConfiguration c, InteractionSource source, string place)
    {
        foreach (var (text, key) in new[] { (source.Label, "label"), (source.Positive, "positive"), (source.Where, "where"), (source.Valid, "valid") })
        {
            if (text is not (null or ImportConfiguration.FillIn) && Wrong(text) is { } problem)
                yield return $"{place}.{key} is '{text}': {problem}. Expected a condition over columns, for example: click or (rating >= 4 and not spam).";
        }
        var rule = source.Scenario;
        if (new[] { rule.Name, rule.Column, rule.Feature }.Count(given => given is not null) != 1)
            yield return $"{place}.scenario needs one of name, column and feature.";
        if (rule.Names is not null && rule.Column is null)
            yield return $"{place}.scenario.names goes with column.";
        if (rule.Names is { Count: 0 })
            yield return $"{place}.scenario.names is empty, expected a scenario for each value of the column.";
        if (rule.Feature is not null && rule.Rules is not { Count: > 0 })
            yield return $"{place}.scenario.rules is empty, but a feature decides.";
        if (rule.Feature is { } feature && c.Items.All(s => s.Features.All(f => f.Name != feature)))
            yield return $"{place}.scenario.feature is '{feature}', but items have no such feature.{Nearest.Hint(feature, c.Items.SelectMany(s => s.Features).Select(f => f.Name))}";
        string?[] named = [rule.Name, rule.Otherwise, .. rule.Names?.Values ?? [], .. rule.Rules?.Select(r => r.Scenario) ?? []];
        foreach (var name in named.OfType<string>().Distinct().Where(name => c.Scenarios.All(s => s.Name != name)))
            yield return $"{place}.scenario names '{name}', which is not among the scenarios.{Nearest.Hint(name, c.Scenarios.Select(s => s.Name))}";
        if ((source.Time.Unit == TimeUnit.Text) != (source.Time.Pattern is not null))
            yield return $"{place}.time: a pattern goes with the unit text, and only with it.";
        if (c.Split.Kind == SplitKind.Column && source.Part is null)
            yield return $"{place}.part is missing, but the split is by a column.";
        for (var k = 0; k < source.Context.Count; k++)
        {
            foreach (var problem in OfFeature(source.Context[k], $"{place}.context[{k}]", ofContext: true))
                yield return problem;
        }
        foreach (var problem in OfFormat(source.Format, place))
            yield return problem;
    }

    private static IEnumerable<string> OfFeature(FeatureSource f, string place, bool ofContext)
    {
        if (ofContext && (f.Kind is FeatureKind.MultiValued or FeatureKind.Sequence || f.Flags is not null))
            yield return $"{place} ('{f.Name}') is a list, but an interaction has one value per field. Make it a feature of the user or the item.";
        if (f.Flags is not null && f.Column is not null)
            yield return $"{place} ('{f.Name}') has both flags and a column. Give one of them.";
        if (f.Flags is { Count: 0 })
            yield return $"{place}.flags ('{f.Name}') is empty, expected a value for each column of 0 and 1.";
        if (f.Groups is { } g && (g.Names.Count != g.Edges.Count + 1 || g.Edges.Zip(g.Edges.Skip(1)).Any(e => e.First >= e.Second)))
            yield return $"{place}.groups ('{f.Name}') has {g.Edges.Count} edges and {g.Names.Count} names, expected ascending edges and one name more than edges.";
        if (f.Buckets is not null && f.Kind != FeatureKind.Numeric)
            yield return $"{place}.buckets ('{f.Name}') goes with the kind numeric.";
        if (f.Buckets is { Edges: null, Quantiles: < 2 or > 1000 } b)
            yield return $"{place}.buckets.quantiles ('{f.Name}') is {b.Quantiles}, expected 2 to 1000.";
        if (f.Buckets?.Edges is { } edges && edges.Zip(edges.Skip(1)).Any(e => e.First >= e.Second))
            yield return $"{place}.buckets.edges ('{f.Name}') do not ascend.";
        if (f.Last < 1)
            yield return $"{place}.last ('{f.Name}') is {f.Last}, expected at least 1.";
    }

    private static IEnumerable<string> OfFormat(FileFormat format, string place)
    {
        if (format.Separator is { Length: 0 or > 4 })
            yield return $"{place}.format.separator is '{format.Separator}', expected one to four characters.";
        if (format.Columns is { Count: 0 })
            yield return $"{place}.format.columns is empty, expected the name of each column.";
        if (format.Quote.Length > 1)
            yield return $"{place}.format.quote is '{format.Quote}', expected one character or none.";
    }

    private static string? Wrong(string expression)
    {
        try
        {
            Expression.Parse(expression);
            return null;
        }
        catch (FormatException e)
        {
            return e.Message;
        }
    }
}
