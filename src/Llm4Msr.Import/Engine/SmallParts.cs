using Llm4Msr.Data;

namespace Llm4Msr.Import.Engine;

/// <summary>
/// Parts that the split by users makes far smaller than it says: with short histories a tenth of a user's rows is often no row at all. The
/// other splits cut all rows, or users, at once, and have the shares that were asked for.
/// </summary>
internal static class SmallParts
{
    private const int FewestWithAll = 6; // the least rows of which 8:1:1 leaves one to validation, rounded down

    public static IEnumerable<string> Warnings(IReadOnlyDictionary<Part, PartFacts> parts, DuckDb database)
    {
        var rows = parts.Values.Sum(part => (long)part.Interactions);
        foreach (var (part, tenths) in new[] { (Part.Training, 8), (Part.Validation, 1), (Part.Test, 1) })
        {
            var has = parts[part].Interactions;
            if (20L * has >= tenths * rows) // half of its share
                continue;
            var users = database.Rows($"SELECT count(*), count(*) FILTER (n < {FewestWithAll}) FROM (SELECT count(*) AS n FROM interactions GROUP BY \"user\")")[0];
            yield return FormattableString.Invariant($"The {part.ToString().ToLowerInvariant()} part has {has:N0} of {rows:N0} rows, {100.0 * has / rows:0.#} % where {10 * tenths} % are meant: ")
                + FormattableString.Invariant($"the split 'user' cuts each user's own rows, and {users[1]:N0} of {users[0]:N0} users have fewer than {FewestWithAll}, ")
                + $"{(part == Part.Training ? "of whom most rows fall into others" : "of whom none falls into it")}. '--split global' cuts all rows at once.";
        }
    }
}
