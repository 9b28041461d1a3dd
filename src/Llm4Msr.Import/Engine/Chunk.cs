using System.Runtime.CompilerServices;
using System.Text;
using DuckDB.NET.Native;

namespace Llm4Msr.Import.Engine;

/// <summary>Some rows of an answer, column by column.</summary>
internal readonly struct Chunk
{
    public Chunk(DuckDBDataChunk chunk)
    {
        Rows = (int)NativeMethods.DataChunks.DuckDBDataChunkGetSize(chunk);
        Columns = [.. Enumerable.Range(0, (int)NativeMethods.DataChunks.DuckDBDataChunkGetColumnCount(chunk))
            .Select(column => new Vector(NativeMethods.DataChunks.DuckDBDataChunkGetVector(chunk, column), (int)NativeMethods.DataChunks.DuckDBDataChunkGetSize(chunk)))];
    }

    public int Rows { get; }

    public IReadOnlyList<Vector> Columns { get; }
}

/// <summary>One column of a chunk, in DuckDB's own memory.</summary>
internal readonly unsafe struct Vector
{
    private readonly IntPtr _vector;
    private readonly void* _data;
    private readonly ulong* _valid;
    private readonly int _rows;

    public Vector(IntPtr vector, int rows)
    {
        _vector = vector;
        _rows = rows;
        _data = NativeMethods.Vectors.DuckDBVectorGetData(vector);
        _valid = NativeMethods.Vectors.DuckDBVectorGetValidity(vector);
        using var type = NativeMethods.Vectors.DuckDBVectorGetColumnType(vector);
        Type = NativeMethods.LogicalType.DuckDBGetTypeId(type);
    }

    public DuckDBType Type { get; }

    public bool IsNull(int row) => _valid is not null && (_valid[row >> 6] >> (row & 63) & 1) == 0;

    /// <summary>The values; where one is null its place holds anything.</summary>
    public ReadOnlySpan<T> Values<T>() where T : unmanaged => new(_data, _rows);

    /// <summary>The bytes of a text, in UTF-8.</summary>
    public ReadOnlySpan<byte> Text(int row)
    {
        var place = (byte*)_data + 16 * (long)row; // a length, then the text itself if it is short, else its beginning and its address
        var length = Unsafe.ReadUnaligned<int>(place);
        return length <= 12 ? new(place + 4, length) : new(*(byte**)(place + 8), length);
    }

    /// <summary>The list of a row as a part of <see cref="Elements"/>.</summary>
    public (int First, int Count) List(int row)
    {
        var entry = (ulong*)_data + 2 * (long)row;
        return ((int)entry[0], (int)entry[1]);
    }

    public Vector Elements => new(NativeMethods.Vectors.DuckDBListVectorGetChild(_vector), (int)NativeMethods.Vectors.DuckDBListVectorGetSize(_vector));

    public object? Value(int row) => IsNull(row) ? null : Type switch
    {
        DuckDBType.Boolean => Values<bool>()[row],
        DuckDBType.UnsignedTinyInt => (long)Values<byte>()[row],
        DuckDBType.Integer => (long)Values<int>()[row],
        DuckDBType.BigInt => Values<long>()[row],
        DuckDBType.UnsignedBigInt => (long)Values<ulong>()[row],
        DuckDBType.Double => Values<double>()[row],
        DuckDBType.Varchar => Encoding.UTF8.GetString(Text(row)),
        var type => throw new NotSupportedException($"A column of the type {type} is not read here; cast it."),
    };
}
