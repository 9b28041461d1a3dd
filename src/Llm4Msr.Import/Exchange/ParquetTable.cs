using System.Globalization;
using Llm4Msr.Platform;
using ParquetSharp;

namespace Llm4Msr.Import.Exchange;

/// <summary>A Parquet file read column by column, a few values at a time: whatever a file claims, little is held.</summary>
internal sealed class ParquetTable : IDisposable
{
    private readonly string _path;
    private readonly ParquetFileReader _file;

    private ParquetTable(string path, ParquetFileReader file)
    {
        _path = path;
        _file = file;
    }

    public static ParquetTable Open(string path)
    {
        if (!File.Exists(path))
            throw new Llm4MsrException(FaultKind.BadInput, $"There is no file '{path}'.");
        return Guarded(path, "its end", () => new ParquetTable(path, new ParquetFileReader(path)));
    }

    public IReadOnlyDictionary<string, string> Metadata => Guarded(_path, "its end", () => _file.FileMetaData.KeyValueMetadata);

    public int Groups => _file.FileMetaData.NumRowGroups;

    public ParquetGroup Group(int index) => Guarded(_path, FormattableString.Invariant($"row group {index + 1}"), () => new ParquetGroup(_file, _file.RowGroup(index)));

    /// <summary>Names the file and the place of whatever <paramref name="read"/> throws.</summary>
    public T Guarded<T>(string where, Func<T> read) => Guarded(_path, where, read);

    public void Dispose() => _file.Dispose();

    private static T Guarded<T>(string path, string where, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is ParquetException or FormatException or OverflowException or ArgumentException or InvalidOperationException or InvalidCastException or NotSupportedException)
        {
            throw new Llm4MsrException(FaultKind.BadInput, $"'{path}', {where}: it cannot be read ({e.Message.Shortened().TrimEnd('.')}). Make the file again.", e);
        }
    }
}

/// <summary>The columns of one row group; each is read by a function that gives the next row's value.</summary>
internal sealed class ParquetGroup : IDisposable
{
    private const int ValuesAtOnce = 256;

    private readonly ParquetFileReader _file;
    private readonly RowGroupReader _group;
    private readonly List<IDisposable> _columns = [];

    public ParquetGroup(ParquetFileReader file, RowGroupReader group)
    {
        _file = file;
        _group = group;
        if (group.MetaData.NumRows < 0)
            throw new FormatException($"it claims {group.MetaData.NumRows} rows");
    }

    public long Rows => _group.MetaData.NumRows;

    public Func<string> Texts(string column)
    {
        var reader = Column(column).LogicalReader();
        _columns.Add(reader);
        return reader switch
        {
            LogicalColumnReader<string> texts => NotNull(column, texts),
            // Keys that are numbers, as the interactions spell them.
            LogicalColumnReader<long> or LogicalColumnReader<int> or LogicalColumnReader<long?> or LogicalColumnReader<int?> =>
                Whole(column, reader) is var next ? () => next().ToString(CultureInfo.InvariantCulture) : null!,
            _ => throw new FormatException($"the column '{column}' is no text"),
        };
    }

    public Func<long> Whole(string column)
    {
        var reader = Column(column).LogicalReader();
        _columns.Add(reader);
        return Whole(column, reader);
    }

    /// <summary>Lists of numbers.</summary>
    /// <param name="longest">A longer list is an error before it is read.</param>
    public Func<float[]> Vectors(string column, int longest) => Column(column) switch
    {
        ColumnReader<float> floats => Lists(column, floats, value => value, longest),
        ColumnReader<double> doubles => Lists(column, doubles, value => (float)value, longest),
        var other => throw new FormatException($"the column '{column}' is a list of {other.ElementType.Name}, expected float or double"),
    };

    public void Dispose()
    {
        _columns.AsEnumerable().Reverse().ToList().ForEach(column => column.Dispose());
        _group.Dispose();
    }

    private ColumnReader Column(string name)
    {
        var column = _group.Column(IndexOf(name));
        _columns.Add(column);
        return column;
    }

    /// <summary>A nested column's leaves lie below its name.</summary>
    private int IndexOf(string column)
    {
        var schema = _file.FileMetaData.Schema;
        var names = Enumerable.Range(0, schema.NumColumns).Select(k => schema.Column(k).Path.ToDotVector()[0]).ToList();
        return names.IndexOf(column) is >= 0 and var index
            ? index
            : throw new FormatException($"there is no column '{column}'; there are: {string.Join(", ", names.Distinct().Take(20))}");
    }

    private static Func<long> Whole(string column, LogicalColumnReader reader) => reader switch
    {
        LogicalColumnReader<long> longs => Next(column, longs),
        LogicalColumnReader<int> ints => Next(column, ints) is var next ? () => next() : null!,
        LogicalColumnReader<long?> longs => Next(column, longs) is var next ? () => next() ?? throw Missing(column) : null!,
        LogicalColumnReader<int?> ints => Next(column, ints) is var next ? () => next() ?? throw Missing(column) : null!,
        _ => throw new FormatException($"the column '{column}' holds no whole numbers"),
    };

    private static Func<string> NotNull(string column, LogicalColumnReader<string> texts) =>
        Next(column, texts) is var next ? () => next() ?? throw Missing(column) : null!;

    private static Func<T> Next<T>(string column, LogicalColumnReader<T> reader)
    {
        var (buffer, at, end) = (new T[ValuesAtOnce], 0, 0);
        return () =>
        {
            if (at == end)
            {
                (at, end) = (0, reader.ReadBatch((Span<T>)buffer));
                if (end == 0)
                    throw new FormatException($"the column '{column}' ends early");
            }
            return buffer[at++];
        };
    }

    /// <summary>
    /// Lists come as flat values, each with a repetition level (0: a new row) and a definition level (the highest: a value is there).
    /// </summary>
    private static Func<float[]> Lists<T>(string column, ColumnReader<T> reader, Func<T, float> convert, int longest) where T : unmanaged
    {
        var (defined, repeated) = (reader.ColumnDescriptor.MaxDefinitionLevel, reader.ColumnDescriptor.MaxRepetitionLevel);
        if (repeated != 1)
            throw new FormatException($"the column '{column}' has lists of depth {repeated}, expected 1");
        var (values, definitions, repetitions) = (new T[4096], new short[4096], new short[4096]);
        var (at, end, value) = (0, 0, 0);
        return () =>
        {
            List<float> list = [];
            var begun = false;
            while (at < end || Fill())
            {
                if (repetitions[at] == 0 && begun)
                    return [.. list];
                begun = true;
                if (definitions[at++] == defined)
                {
                    if (list.Count == longest)
                        throw new FormatException($"the list in '{column}' has more than {longest} values");
                    list.Add(convert(values[value++]));
                }
                else if (at < end && repetitions[at] != 0 || list.Count > 0)
                {
                    throw new FormatException($"a value of the list in '{column}' is missing");
                }
            }
            return begun ? [.. list] : throw new FormatException($"the column '{column}' ends early");
        };

        bool Fill()
        {
            if (!reader.HasNext)
                return false;
            var levels = reader.ReadBatch(values.Length, definitions, repetitions, values, out var read);
            (at, end, value) = (0, checked((int)levels), 0);
            return levels > 0 && read >= 0;
        }
    }

    private static FormatException Missing(string column) => new($"a value of the column '{column}' is missing");
}
