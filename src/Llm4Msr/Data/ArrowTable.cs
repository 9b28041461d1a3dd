using Apache.Arrow;
using Apache.Arrow.Ipc;
using Apache.Arrow.Types;
using Llm4Msr.Platform;

namespace Llm4Msr.Data;

/// <summary>
/// A table as an uncompressed Arrow IPC file: any data tool opens it, and columns are read without parsing. Written in
/// record batches of a fixed number of rows, so that equal columns give equal bytes.
/// </summary>
internal sealed class ArrowTable
{
    private readonly string _path;
    private readonly IReadOnlyList<RecordBatch> _batches;

    private ArrowTable(string path, IReadOnlyList<RecordBatch> batches)
    {
        _path = path;
        _batches = batches;
        Count = batches.Sum(b => b.Length);
    }

    public int Count { get; }

    public static ArrowTable Read(string path) => new(path, [.. ReadBatches(path)]);

    /// <summary>The batches of a file, one at a time, for tables that need not be in memory.</summary>
    public static IEnumerable<ArrowTable> ReadInParts(string path)
    {
        foreach (var batch in ReadBatches(path))
        {
            using (batch)
                yield return new ArrowTable(path, [batch]);
        }
    }

    public int[] Ints(string column) => Joined<Int32Array, int>(column, array => array.Values);

    public long[] Longs(string column) => Joined<Int64Array, long>(column, array => array.Values);

    public byte[] Bytes(string column) => Joined<UInt8Array, byte>(column, array => array.Values);

    public bool[] Flags(string column)
    {
        var flags = new bool[Count];
        var row = 0;
        foreach (var array in Column<BooleanArray>(column))
        {
            var bits = array.Values;
            for (var k = 0; k < array.Length; k++)
                flags[row++] = (bits[k >> 3] >> (k & 7) & 1) != 0;
        }
        return flags;
    }

    public string[] Texts(string column)
    {
        var texts = new string[Count];
        var row = 0;
        foreach (var array in Column<StringArray>(column))
        {
            for (var k = 0; k < array.Length; k++)
                texts[row++] = array.GetString(k);
        }
        return texts;
    }

    /// <summary>A column of lists as all values one after the other, and where each row's start.</summary>
    public (int[] Values, int[] Starts) IntLists(string column)
    {
        var arrays = Column<ListArray>(column).ToList();
        var values = new int[arrays.Sum(a => a.ValueOffsets[^1])];
        var starts = new int[Count + 1];
        var (row, first) = (0, 0);
        foreach (var array in arrays)
        {
            var own = ((Int32Array)array.Values).Values[..array.ValueOffsets[^1]];
            own.CopyTo(values.AsSpan(first));
            foreach (var start in array.ValueOffsets[..array.Length])
                starts[row++] = first + start;
            first += own.Length;
        }
        starts[row] = first;
        return (values, starts);
    }

    private static IEnumerable<RecordBatch> ReadBatches(string path)
    {
        using var stream = File.OpenRead(path);
        using var reader = Readable(path, () => new ArrowFileReader(stream));
        var batch = Readable(path, reader.ReadNextRecordBatch) ?? throw Unreadable(path, "it holds no record batch");
        for (; batch is not null; batch = Readable(path, reader.ReadNextRecordBatch))
            yield return batch;
    }

    private static T Readable<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e)
        {
            throw Unreadable(path, e.Message, e);
        }
    }

    private static Llm4MsrException Unreadable(string path, string why, Exception? inner = null) =>
        new(FaultKind.Damaged, $"'{path}' cannot be read as an Arrow file: {why} Prepare the data again.", inner);

    private TValue[] Joined<TArray, TValue>(string column, Func<TArray, ReadOnlySpan<TValue>> values) where TArray : class, IArrowArray
    {
        var joined = new TValue[Count];
        var row = 0;
        foreach (var array in Column<TArray>(column))
        {
            values(array).CopyTo(joined.AsSpan(row));
            row += array.Length;
        }
        return joined;
    }

    private IEnumerable<T> Column<T>(string column) where T : class, IArrowArray => _batches.Select(batch =>
        batch.Schema.GetFieldIndex(column) is >= 0 and var index && batch.Column(index) is T { NullCount: 0 } array
            ? array
            : throw new Llm4MsrException(FaultKind.Damaged,
                $"'{_path}' has no column '{column}' of the type {typeof(T).Name}. Prepare the data again."));

    /// <summary>Writes batch after batch, each gone when the next one is asked for; there is at least one, and all have one schema.</summary>
    public static void Write(string path, IEnumerable<RecordBatch> batches) => DurableFile.Write(path, stream =>
    {
        ArrowFileWriter? writer = null;
        try
        {
            foreach (var batch in batches)
            {
                using var written = batch;
                writer ??= new ArrowFileWriter(stream, batch.Schema, leaveOpen: true);
                writer.WriteRecordBatch(batch);
            }
            writer!.WriteEnd();
        }
        finally
        {
            writer?.Dispose();
        }
    });

    public static IArrowArray Column(int[] values) => new Int32Array.Builder().AppendRange(values).Build();

    public static IArrowArray Column(long[] values) => new Int64Array.Builder().AppendRange(values).Build();

    public static IArrowArray Column(byte[] values) => new UInt8Array.Builder().AppendRange(values).Build();

    public static IArrowArray Column(bool[] values) => new BooleanArray.Builder().AppendRange(values).Build();

    public static IArrowArray Column(IEnumerable<string> values) => new StringArray.Builder().AppendRange(values).Build();

    public static IArrowArray Column(IEnumerable<IReadOnlyList<string>> lists)
    {
        var builder = new ListArray.Builder(StringType.Default);
        var values = (StringArray.Builder)builder.ValueBuilder;
        foreach (var list in lists)
        {
            builder.Append();
            values.AppendRange(list);
        }
        return builder.Build();
    }

    /// <param name="rows">Rows of which each has the values from its start to the next one.</param>
    public static IArrowArray Column(int[] values, int[] starts, Range rows)
    {
        var builder = new ListArray.Builder(Int32Type.Default);
        var inner = (Int32Array.Builder)builder.ValueBuilder;
        for (var row = rows.Start.Value; row < rows.End.Value; row++)
        {
            builder.Append();
            inner.AppendRange(values[starts[row]..starts[row + 1]]);
        }
        return builder.Build();
    }
}
