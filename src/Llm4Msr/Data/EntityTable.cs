using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Llm4Msr.Data;

/// <summary>
/// The values of one field for every entity of a table, and in the last place those of an entity that nobody knows.
/// </summary>
/// <param name="Values">Indices, entity after entity.</param>
/// <param name="Starts">Where each entity's values start, one more than there are entities; null where each has exactly one.</param>
/// <param name="First">Where the first entity's only value is; other columns may lie between.</param>
/// <param name="Stride">How far the next entity's only value is from it.</param>
public sealed record FeatureColumn(FeatureField Field, int[] Values, int[]? Starts, int First = 0, int Stride = 1)
{
    public ReadOnlySpan<int> Of(int entity) => Starts is null
        ? Values.AsSpan(checked(First + entity * Stride), 1)
        : Values.AsSpan(Starts[entity]..Starts[entity + 1]);

    /// <summary>The only values of some entities.</summary>
    internal int[] Only(Range entities)
    {
        var only = new int[entities.End.Value - entities.Start.Value];
        for (var k = 0; k < only.Length; k++)
            only[k] = Of(entities.Start.Value + k)[0];
        return only;
    }
}

/// <summary>Users or items: their ids and their encoded features, stored once and not in every interaction.</summary>
public sealed class EntityTable
{
    private readonly Lazy<Dictionary<string, int>> _rows; // of millions of items nobody looks one up while training
    private readonly int[] _only; // all columns with one value, entity after entity: one random access to memory reads them all
    private readonly int _width;

    /// <param name="columns">Fields of this owner; each holds one more entity than there are keys, the unknown one.</param>
    public EntityTable(IReadOnlyList<string> keys, IReadOnlyList<FeatureColumn> columns)
    {
        Keys = keys;
        FeatureColumn[] only = [.. columns.Where(c => c.Starts is null)];
        _width = only.Length;
        _only = new int[checked((keys.Count + 1) * _width)];
        for (var k = 0; k < only.Length; k++)
        {
            var values = only[k].Only(..(keys.Count + 1));
            for (int entity = 0, place = k; entity < values.Length; entity++, place += _width)
                _only[place] = values[entity];
        }
        Columns = [.. columns.Select(c => c.Starts is null ? c with { Values = _only, First = Array.IndexOf(only, c), Stride = _width } : c)];
        _rows = new(() => keys.Select((key, row) => (key, row)).ToDictionary(p => p.key, p => p.row, StringComparer.Ordinal));
    }

    public IReadOnlyList<string> Keys { get; }

    public IReadOnlyList<FeatureColumn> Columns { get; }

    public int Count => Keys.Count;

    /// <summary>The row that stands for every entity that is not in the table: all of its features are unseen.</summary>
    public int UnknownRow => Keys.Count;

    /// <summary>How many columns have one value for each entity.</summary>
    internal int OnlyColumns => _width;

    /// <summary>The values of those columns for some entities: column after column, <paramref name="stride"/> apart.</summary>
    /// <remarks>Entities in any order lie anywhere in memory, so the rows of a few are asked for before the first of them is read.</remarks>
    internal unsafe void CopyOnlyValues(ReadOnlySpan<int> entities, Span<long> values, int stride)
    {
        const int AtOnce = 32;
        Span<int> places = stackalloc int[AtOnce];
        ref var only = ref MemoryMarshal.GetArrayDataReference(_only);
        for (var first = 0; first < entities.Length; first += AtOnce)
        {
            var some = entities.Slice(first, Math.Min(AtOnce, entities.Length - first));
            for (var k = 0; k < some.Length; k++)
            {
                places[k] = some[k] * _width;
                if (Sse.IsSupported)
                    Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.Add(ref only, places[k]))); // only a hint: nothing is read
            }
            for (var column = 0; column < _width; column++)
            {
                var own = values.Slice(column * stride + first, some.Length);
                for (var k = 0; k < own.Length; k++)
                    own[k] = _only[places[k] + column];
            }
        }
    }

    public int RowOf(string key) => _rows.Value.GetValueOrDefault(key, UnknownRow);

    public bool Contains(string key) => _rows.Value.ContainsKey(key);
}
