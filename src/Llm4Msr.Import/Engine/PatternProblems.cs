using Llm4Msr.Import.Configuration;
using Llm4Msr.Platform;

namespace Llm4Msr.Import.Engine;

/// <summary>
/// Regular expressions and patterns of times that mean nothing. Only the database can tell; it is asked before it reads a file,
/// which would be blamed otherwise.
/// </summary>
internal static class PatternProblems
{
    public static void ThrowIfAny(ImportConfiguration configuration, DuckDb database)
    {
        var problems = Of(configuration, database).ToList();
        if (problems.Count > 0)
            throw new Llm4MsrException(FaultKind.Usage, $"The configuration '{configuration.Name}': {string.Join(Environment.NewLine, problems)}");
    }

    private static IEnumerable<string> Of(ImportConfiguration c, DuckDb database)
    {
        foreach (var (source, place) in c.Interactions.Select((s, k) => (s, $"interactions[{k}]")))
        {
            if (source.Time.Pattern is { } pattern && WhatIsWrong(database, "try_strptime('', $1)", pattern) is { } problem)
                yield return $"{place}.time.pattern is '{pattern}': {problem}.";
        }
        var lists = c.Users.Select((s, k) => (s.Features, $"users[{k}].features"))
            .Concat(c.Items.Select((s, k) => (s.Features, $"items[{k}].features")))
            .Concat(c.Interactions.Select((s, k) => (s.Context, $"interactions[{k}].context")));
        foreach (var (feature, place) in lists.SelectMany(list => list.Item1.Select((f, k) => (f, $"{list.Item2}[{k}]"))))
        {
            if (feature.Extract is { } expression && WhatIsWrong(database, "regexp_matches('', $1)", expression) is { } problem)
                yield return $"{place}.extract ('{feature.Name}') is '{expression}': {problem}.";
        }
    }

    private static string? WhatIsWrong(DuckDb database, string use, string pattern)
    {
        try
        {
            database.Execute($"SELECT {use}", pattern);
            return null;
        }
        catch (DuckDbException e)
        {
            return e.Message.TrimEnd('.');
        }
    }
}
