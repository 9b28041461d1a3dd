using Llm4Msr.Data;

namespace Llm4Msr.Import.Engine;

/// <summary><see cref="KeyOrder"/> in SQL: the bytes of UTF-8 are in the order of code points.</summary>
internal static class SqlOrder
{
    /// <summary>Whether all texts of a column are whole numbers.</summary>
    public static bool AreNumbers(DuckDb database, string table, string column) =>
        database.Number($"SELECT count(*) FROM {table} WHERE NOT (regexp_full_match({column}, '[+-]?[0-9]+') AND TRY_CAST({column} AS BIGINT) IS NOT NULL)") == 0;

    public static string Of(string column, bool numbers) => numbers ? $"CAST({column} AS BIGINT), {column}" : column;
}
