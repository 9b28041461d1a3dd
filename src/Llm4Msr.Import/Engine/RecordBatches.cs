using Apache.Arrow;
using Apache.Arrow.Types;
using DuckDB.NET.Native;
using Llm4Msr.Data;

namespace Llm4Msr.Import.Engine;

/// <summary>Answers of any size as record batches, copied vector by vector; a batch is valid until the next one.</summary>
internal static class RecordBatches
{
    /// <param name="rows">Of every batch but the last.</param>
    /// <returns>None where there are no rows.</returns>
    public static IEnumerable<RecordBatch> Of(IReadOnlyList<string> names, int rows, IEnumerable<Chunk> chunks)
    {
        Column[] columns = [];
        var filled = 0;
        try
        {
            foreach (var chunk in chunks)
            {
                if (columns.Length == 0)
                    columns = [.. chunk.Columns.Select(Column.Of)];
                for (var first = 0; first < chunk.Rows;)
                {
                    var count = Math.Min(chunk.Rows - first, rows - filled);
                    for (var c = 0; c < columns.Length; c++)
                        columns[c].Add(chunk.Columns[c], first, count);
                    (first, filled) = (first + count, filled + count);
                    if (filled < rows)
                        continue;
                    yield return Batch();
                    filled = 0;
                    foreach (var column in columns)
                        column.Clear();
                }
            }
            if (filled > 0)
                yield return Batch();
        }
        finally
        {
            foreach (var column in columns)
                column.Dispose();
        }

        RecordBatch Batch() => RawBatch.Of([.. names.Zip(columns, (name, column) => (name, ArrowArrayFactory.BuildArray(column.Data(filled))))]);
    }

    /// <summary>One column of the batch that is being filled.</summary>
    private abstract class Column : IDisposable
    {
        protected GrowingBuffer Values { get; } = new();

        public abstract void Add(Vector values, int first, int count);

        public abstract ArrayData Data(int rows);

        public virtual void Clear() => Values.Clear();

        public virtual void Dispose() => ((IDisposable)Values).Dispose();

        public static Column Of(Vector vector) => vector.Type switch
        {
            DuckDBType.Integer => new Plain<int>(Int32Type.Default),
            DuckDBType.BigInt => new Plain<long>(Int64Type.Default),
            DuckDBType.UnsignedTinyInt => new Plain<byte>(UInt8Type.Default),
            DuckDBType.Boolean => new Flags(),
            DuckDBType.Varchar => new Texts(),
            DuckDBType.List => new Lists(Of(vector.Elements)),
            _ => throw new NotSupportedException($"A column of the type {vector.Type} is not stored; cast it."),
        };
    }

    private sealed class Plain<T>(IArrowType type) : Column
        where T : unmanaged
    {
        public override void Add(Vector values, int first, int count) => Values.Append(values.Values<T>().Slice(first, count));

        public override ArrayData Data(int rows) => new(type, rows, 0, 0, [ArrowBuffer.Empty, Values.Filled()]);
    }

    private sealed class Flags : Column
    {
        private int _count;

        public override void Add(Vector values, int first, int count)
        {
            foreach (var flag in values.Values<bool>().Slice(first, count))
            {
                if (_count % 8 == 0)
                    Values.Next(1).Clear();
                if (flag)
                    Values.GetSpan()[_count / 8] |= (byte)(1 << _count % 8);
                _count++;
            }
        }

        public override ArrayData Data(int rows) => new(BooleanType.Default, rows, 0, 0, [ArrowBuffer.Empty, Values.Filled()]);

        public override void Clear()
        {
            base.Clear();
            _count = 0;
        }
    }

    /// <summary>What has several elements in each row: where they begin, and at last where they end.</summary>
    private abstract class Starts : Column
    {
        private readonly GrowingBuffer _starts = new();

        protected void Begin(int start) => _starts.Append(start);

        protected ArrowBuffer Ended(int end)
        {
            _starts.Append(end);
            return _starts.Filled();
        }

        public override void Clear()
        {
            base.Clear();
            _starts.Clear();
        }

        public override void Dispose()
        {
            base.Dispose();
            ((IDisposable)_starts).Dispose();
        }
    }

    private sealed class Texts : Starts
    {
        public override void Add(Vector values, int first, int count)
        {
            for (var row = first; row < first + count; row++)
            {
                Begin(Values.Length);
                Values.Append(values.Text(row));
            }
        }

        public override ArrayData Data(int rows) => new(StringType.Default, rows, 0, 0, [ArrowBuffer.Empty, Ended(Values.Length), Values.Filled()]);
    }

    private sealed class Lists(Column elements) : Starts
    {
        private int _count;

        public override void Add(Vector values, int first, int count)
        {
            var children = values.Elements;
            for (var row = first; row < first + count; row++)
            {
                Begin(_count);
                var (start, length) = values.List(row);
                elements.Add(children, start, length);
                _count += length;
            }
        }

        public override ArrayData Data(int rows)
        {
            var data = elements.Data(_count);
            return new(new ListType(data.DataType), rows, 0, 0, [ArrowBuffer.Empty, Ended(_count)], [data]);
        }

        public override void Clear()
        {
            base.Clear();
            elements.Clear();
            _count = 0;
        }

        public override void Dispose()
        {
            base.Dispose();
            elements.Dispose();
        }
    }
}
