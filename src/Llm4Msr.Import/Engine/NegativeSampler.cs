using Llm4Msr.Import.Configuration;

namespace Llm4Msr.Import.Engine;

/// <summary>Adds rows without a click to the table of events, for logs of clicks alone.</summary>
internal static class NegativeSampler
{
    private const int DrawnForEach = 4;

    /// <summary>How the rows are drawn, for the report.</summary>
    public static string Description(NegativeSampling sampling) =>
        FormattableString.Invariant($"{sampling.PerPositive} per click, even over the items of the scenario that the user did not meet in it, seed {sampling.Seed}");

    public static string TooFew(NegativeSampling sampling, long added, long due) => FormattableString.Invariant(
        $"Only {added:N0} of {due:N0} negatives could be drawn, {sampling.PerPositive} for each click: the users have met nearly all items of their scenario. Ask for fewer (negatives.perPositive), or are scenarios too small?");

    /// <summary>
    /// For each click the first few of a seeded list of items, without those that the user met in the scenario. The list is
    /// long enough that a user who met half of all items still gets nearly all that are due.
    /// </summary>
    /// <param name="context">The columns that are the click's own, each after a comma.</param>
    /// <returns>How many rows, and how many there should be.</returns>
    public static (long Added, long Due) Add(DuckDb database, NegativeSampling sampling, string context)
    {
        database.Execute("CREATE TABLE pool AS SELECT s, i, row_number() OVER (PARTITION BY s ORDER BY i) - 1 AS n FROM (SELECT DISTINCT s, i FROM events)");
        database.Execute("CREATE TABLE pool_size AS SELECT s, count(*) AS size FROM pool GROUP BY s");
        database.Execute("CREATE TABLE met AS SELECT DISTINCT u, i, s FROM events");
        var due = sampling.PerPositive * database.Number("SELECT count(*) FROM events WHERE clicked");
        var before = database.Number("SELECT count(*) FROM events");
        database.Execute(
            $"""
            INSERT INTO events
            SELECT source, u, i, s, false, false, t, part, true{context}, NULL
            FROM (
                SELECT d.* EXCLUDE i, p.i, row_number() OVER (PARTITION BY d.event ORDER BY d.k) AS taken
                FROM (
                    SELECT e.*, k, CAST(md5_number_lower(concat_ws('|', $1, e.u, e.i, e.t, e.event, k)) % z.size AS BIGINT) AS n
                    FROM (SELECT *, rowid AS event FROM events WHERE clicked) e JOIN pool_size z ON z.s = e.s CROSS JOIN (SELECT unnest(range($2)) AS k)
                    QUALIFY row_number() OVER (PARTITION BY event, n ORDER BY k) = 1
                ) d JOIN pool p ON p.s = d.s AND p.n = d.n
                ANTI JOIN met ON met.u = d.u AND met.s = d.s AND met.i = p.i
            ) WHERE taken <= $3
            ORDER BY event, taken
            """,
            (long)sampling.Seed, (long)sampling.PerPositive * DrawnForEach, (long)sampling.PerPositive);
        foreach (var table in new[] { "pool", "pool_size", "met" })
            database.Execute($"DROP TABLE {table}");
        return (database.Number("SELECT count(*) FROM events") - before, due);
    }
}
