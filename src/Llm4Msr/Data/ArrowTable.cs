using Apache.Arrow;
using Apache.Arrow.Ipc;
using Apache.Arrow.Types;
using Llm4Msr.Platform;

namespace Llm4Msr.Data;

/// <summary>
/// A table as an uncompressed Arrow IPC file: any data tool opens it, and columns are read without parsing. Written in
/// one record batch, so that equal columns give equal bytes.
/// </summary>
internal sealed class ArrowTable
{
    private readonly string _path;
    private readonly RecordBatch _batch;

    private ArrowTable(string path, RecordBatch batch)
    {
        _path = path;
        _batch = batch;
    }

    public int Count => _batch.Length;

    public static ArrowTable Read(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            using var reader = new ArrowFileReader(stream);
            return new ArrowTable(path, reader.ReadNextRecordBatch() ?? throw new InvalidDataException("it holds no record batch"));
        }
        catch (Exception e) when (e is not FileNotFoundException and not DirectoryNotFoundException)
        {
            throw new Llm4MsrException(FaultKind.Damaged, $"'{path}' cannot be read as an Arrow file: {e.Message} Prepare the data again.", e);
        }
    }

    public int[] Ints(string column) => Column<Int32Array>(column).Values.ToArray();

    public long[] Longs(string column) => Column<Int64Array>(column).Values.ToArray();

    public byte[] Bytes(string column) => Column<UInt8Array>(column).Values.ToArray();

    public bool[] Flags(string column)
    {
        var array = Column<BooleanArray>(column);
        var bits = array.Values;
        var flags = new bool[array.Length];
        for (var row = 0; row < flags.Length; row++)
            flags[row] = (bits[row >> 3] >> (row & 7) & 1) != 0;
        return flags;
    }

    public string[] Texts(string column)
    {
        var array = Column<StringArray>(column);
        var texts = new string[array.Length];
        for (var row = 0; row < texts.Length; row++)
            texts[row] = array.GetString(row);
        return texts;
    }

    /// <summary>A column of lists as all values one after the other, and where each row's start.</summary>
    public (int[] Values, int[] Starts) IntLists(string column)
    {
        var lists = Column<ListArray>(column);
        return (((Int32Array)lists.Values).Values.ToArray(), lists.ValueOffsets.ToArray());
    }

    private T Column<T>(string column) where T : class, IArrowArray =>
        _batch.Schema.GetFieldIndex(column) is >= 0 and var index && _batch.Column(index) is T { NullCount: 0 } array
            ? array
            : throw new Llm4MsrException(FaultKind.Damaged,
                $"'{_path}' has no column '{column}' of the type {typeof(T).Name}. Prepare the data again.");

    public static void Write(string path, params IReadOnlyList<(string Name, IArrowArray Values)> columns)
    {
        var schema = new Schema([.. columns.Select(c => new Field(c.Name, c.Values.Data.DataType, nullable: false))], null);
        using var batch = new RecordBatch(schema, columns.Select(c => c.Values), columns.Count == 0 ? 0 : columns[0].Values.Length);
        DurableFile.Write(path, stream =>
        {
            using var writer = new ArrowFileWriter(stream, schema, leaveOpen: true);
            writer.WriteRecordBatch(batch);
            writer.WriteEnd();
        });
    }

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

    public static IArrowArray Column(int[] values, int[] starts)
    {
        var builder = new ListArray.Builder(Int32Type.Default);
        var inner = (Int32Array.Builder)builder.ValueBuilder;
        for (var row = 0; row + 1 < starts.Length; row++)
        {
            builder.Append();
            inner.AppendRange(values[starts[row]..starts[row + 1]]);
        }
        return builder.Build();
    }
}
