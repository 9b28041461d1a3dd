namespace Llm4Msr.Data;

/// <summary>
/// The values of one field for every entity of a table, and in the last place those of an entity that nobody knows.
/// </summary>
/// <param name="Values">Indices, entity after entity.</param>
/// <param name="Starts">Where each entity's values start, one more than there are entities; null where each has exactly one.</param>
public sealed record FeatureColumn(FeatureField Field, int[] Values, int[]? Starts)
{
    public ReadOnlySpan<int> Of(int entity) => Starts is null
        ? Values.AsSpan(entity, 1)
        : Values.AsSpan(Starts[entity]..Starts[entity + 1]);
}

/// <summary>Users or items: their ids and their encoded features, stored once and not in every interaction.</summary>
public sealed class EntityTable
{
    private readonly Lazy<Dictionary<string, int>> _rows; // of millions of items nobody looks one up while training

    /// <param name="columns">Fields of this owner; each holds one more entity than there are keys, the unknown one.</param>
    public EntityTable(IReadOnlyList<string> keys, IReadOnlyList<FeatureColumn> columns)
    {
        Keys = keys;
        Columns = columns;
        _rows = new(() => keys.Select((key, row) => (key, row)).ToDictionary(p => p.key, p => p.row, StringComparer.Ordinal));
    }

    public IReadOnlyList<string> Keys { get; }

    public IReadOnlyList<FeatureColumn> Columns { get; }

    public int Count => Keys.Count;

    /// <summary>The row that stands for every entity that is not in the table: all of its features are unseen.</summary>
    public int UnknownRow => Keys.Count;

    public int RowOf(string key) => _rows.Value.GetValueOrDefault(key, UnknownRow);

    public bool Contains(string key) => _rows.Value.ContainsKey(key);
}
